"""Operations of the official API as plain TensorFlow: any device, gradients of any order."""
