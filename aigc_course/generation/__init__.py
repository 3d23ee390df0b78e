"""From a model to what it makes: sampling, beam search, the newsroom's last steps."""
