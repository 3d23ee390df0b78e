"""Classifier, autoencoder, VAE and GAN: shapes, closed forms, equality with torch's own parts,
files that keep them."""

import torch

from aigc_course.models.images import classifier


def test_classifier_shapes_and_probabilities():
    model = classifier.Classifier(
        classifier.ClassifierConfig(n_classes=7, size=12, width=3, n_features=5)
    )
    images = torch.rand(9, 1, 12, 12)
    assert model(images).shape == (9, 7) and model.features(images).shape == (9, 5)
    p = classifier.probabilities(model, images)
    assert torch.allclose(p.sum(1), torch.ones(9)) and torch.allclose(p, model(images).softmax(1))
    assert (
        classifier.accuracy(model, images, p.argmax(1)) == 1
        and classifier.accuracy(model, images, p.argmin(1)) == 0
    )
