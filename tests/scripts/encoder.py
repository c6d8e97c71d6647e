"""A generator whose dlatents are a variable, as encoders that optimise an image's dlatents use it."""

import functools

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib


def create_stub(name, batch_size):
    return tf.constant(0, dtype='float32', shape=(batch_size, 0))


def create_variable_for_generator(name, batch_size, shape):
    return tf.get_variable(
        'learnable_dlatents', shape=[batch_size] + shape, dtype='float32', initializer=tf.initializers.random_normal()
    )


class Generator:
    def __init__(self, model, batch_size, randomize_noise=False):
        self.batch_size = batch_size
        shape = model.components.synthesis.input_shape[1:]
        self.initial_dlatents = np.zeros([batch_size] + shape)
        model.components.synthesis.run(
            self.initial_dlatents,
            randomize_noise=randomize_noise,
            minibatch_size=batch_size,
            structure='fixed',
            custom_inputs=[
                functools.partial(create_variable_for_generator, batch_size=batch_size, shape=shape),
                functools.partial(create_stub, batch_size=batch_size),
            ],
        )

        self.sess = tf.get_default_session()
        self.graph = tf.get_default_graph()
        self.dlatent_variable = next(v for v in tf.global_variables() if 'learnable_dlatents' in v.name)
        self.set_dlatents(self.initial_dlatents)

        try:
            self.generator_output = self.graph.get_tensor_by_name('G_synthesis_1/_Run/concat/concat:0')
        except KeyError:
            self.generator_output = self.graph.get_tensor_by_name('G_synthesis_1/_Run/concat:0')
        self.generated_image = tflib.convert_images_to_uint8(self.generator_output, nchw_to_nhwc=True, uint8_cast=False)
        self.generated_image_uint8 = tf.saturate_cast(self.generated_image, tf.uint8)

    def set_dlatents(self, dlatents):
        self.sess.run(tf.assign(self.dlatent_variable, dlatents))

    def generate_images(self, dlatents=None):
        if dlatents is not None:
            self.set_dlatents(dlatents)
        return self.sess.run(self.generated_image_uint8)
