"""What may be changed once a whole video has been tracked: identities, and short gaps."""
