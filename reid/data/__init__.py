"""Crops of people: data sets read, checked, sampled and augmented."""
