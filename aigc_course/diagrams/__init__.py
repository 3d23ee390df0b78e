"""Drawings of architectures and processes, in one visual language; one module a topic.

from aigc_course.diagrams import network as draw

draw.neuron()
"""
