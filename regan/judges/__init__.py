"""Networks that judge images: VGG16, LPIPS, Inception-v3, classifiers of faces, and the factor readers."""
