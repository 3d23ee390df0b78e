"""Models of images: classifier, autoencoder, VAE, GAN."""
