"""Person re-identification: crops and data sets, losses, training, evaluation, and the `Embedder` the tracker uses."""
