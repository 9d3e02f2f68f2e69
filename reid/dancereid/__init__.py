"""DanceReID made out of its published parts."""
