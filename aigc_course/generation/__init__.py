"""From a trained model to generated text: sampling, beam search, and the steps of the newsroom."""
