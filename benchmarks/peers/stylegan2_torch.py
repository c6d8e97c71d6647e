"""StyleGAN2's synthesis (architecture 'skip') in PyTorch, in the ways its ports do it; a benchmark's peer, run by a
Python of its own.

    python stylegan2_torch.py WEIGHTS.npz

WEIGHTS.npz holds the variables of an official synthesis network by name, and `dlatents` float32 [N, L, D]. Every line
of standard input names a form; the answer is a line with the seconds that it took from dlatents to uint8 images. `save
FORM FILE` writes its images.

Forms are MODULATION-LAYOUT. Modulation: `grouped`, weights for each sample and one grouped convolution; `scaled`,
activations are scaled before and after one convolution. Layout: `nchw` or `nhwc` (channels_last). The FIR filter is a
depthwise convolution in all of them.
"""

import itertools
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

MODULATIONS, LAYOUTS = ('grouped', 'scaled'), {'nchw': torch.contiguous_format, 'nhwc': torch.channels_last}
FORMS = ['-'.join(form) for form in itertools.product(MODULATIONS, LAYOUTS)]
TAPS = [1.0, 3.0, 3.0, 1.0]


class Synthesis:
    """The network in one form. Everything that depends on the weights alone is computed here, once."""

    def __init__(self, variables, form):
        modulation, layout = form.split('-')
        self.format = LAYOUTS[layout]
        self.convolve = {'grouped': self.grouped, 'scaled': self.scaled}[modulation]
        self.top = max(int(name.split('x')[0]) for name in variables if '/' in name).bit_length() - 1
        self.const = self.tensor(variables['4x4/Const/const'])
        taps = torch.tensor(TAPS)
        self.fir = torch.outer(taps, taps)[None, None] / 64 * 4  # Symmetric, so its correlation is its convolution.
        self.layers = {
            scope: self.layer(variables, scope)
            for scope in sorted({n.rsplit('/', 1)[0] for n in variables if n.endswith('/weight')})
        }
        self.noises = {
            scope: torch.tensor(variables['noise%d' % index(scope)])
            for scope in self.layers
            if not scope.endswith('ToRGB')
        }

    def tensor(self, values):
        return torch.tensor(values).contiguous(memory_format=self.format)

    def layer(self, variables, scope):
        """Weight [out, in, k, k] (for up-convolutions [in, out, k, k], reversed in space), scaled; its power [out,
        in]; and all the rest.
        """
        values = {name[len(scope) + 1 :]: value for name, value in variables.items() if name.rsplit('/', 1)[0] == scope}
        weight = values['weight'] / np.sqrt(np.prod(values['weight'].shape[:3])).astype(np.float32)
        up = scope.endswith('Conv0_up')
        weight = weight[::-1, ::-1].transpose(2, 3, 0, 1) if up else weight.transpose(3, 2, 0, 1)
        power = np.square(weight).sum(axis=(2, 3))
        return dict(
            up=up,
            power=torch.tensor(power.T if up else power).contiguous(),
            weight=self.tensor(np.ascontiguousarray(weight)),
            bias=torch.tensor(values['bias']),
            strength=float(values.get('noise_strength', 0)),
            style=(
                torch.tensor(values['mod_weight'].T / np.float32(np.sqrt(len(values['mod_weight'])))).contiguous(),
                torch.tensor(values['mod_bias'] + 1),
            ),
        )

    def __call__(self, dlatents):
        x = self.const.expand(len(dlatents), -1, -1, -1).contiguous(memory_format=self.format)
        x = self.styled('4x4/Conv', x, dlatents[:, 0])
        image = self.to_rgb('4x4/ToRGB', x, dlatents[:, 1])
        for res in range(3, self.top + 1):
            scope = '%dx%d/' % (2**res, 2**res)
            x = self.styled(scope + 'Conv0_up', x, dlatents[:, 2 * res - 5])
            x = self.styled(scope + 'Conv1', x, dlatents[:, 2 * res - 4])
            image = self.upsample(image) + self.to_rgb(scope + 'ToRGB', x, dlatents[:, 2 * res - 3])
        return (image * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()

    def styled(self, scope, x, w):
        layer = self.layers[scope]
        x = self.convolve(layer, x, F.linear(w, *layer['style']), demodulate=True)
        x.add_(self.noises[scope] * layer['strength']).add_(layer['bias'][:, None, None])
        return F.leaky_relu_(x, 0.2).mul_(2**0.5)

    def to_rgb(self, scope, x, w):
        layer = self.layers[scope]
        return self.convolve(layer, x, F.linear(w, *layer['style']), demodulate=False).add_(
            layer['bias'][:, None, None]
        )

    def scaled(self, layer, x, style, demodulate):
        y = self.plain(x * style[:, :, None, None], layer['weight'], layer['up'], 1)
        if not demodulate:
            return y
        return y.mul_(torch.rsqrt(F.linear(style.square(), layer['power']) + 1e-8)[:, :, None, None])

    def grouped(self, layer, x, style, demodulate):
        count, channels, height, width = x.shape
        shape = (count, -1, 1, 1, 1) if layer['up'] else (count, 1, -1, 1, 1)
        weight = layer['weight'][None] * style.reshape(shape)
        if demodulate:
            weight = weight * torch.rsqrt(weight.square().sum(dim=(1 if layer['up'] else 2, 3, 4), keepdim=True) + 1e-8)
        weight = weight.flatten(0, 1).contiguous(memory_format=self.format)
        y = self.plain(x.reshape(1, count * channels, height, width), weight, layer['up'], count)
        return y.reshape(count, -1, y.shape[2], y.shape[3])

    def plain(self, x, weight, up, groups):
        if not up:
            return F.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=groups)
        return self.filtered(F.conv_transpose2d(x, weight, stride=2, groups=groups), 1)

    def filtered(self, x, padding):
        return F.conv2d(x, self.fir.expand(x.shape[1], -1, -1, -1), padding=padding, groups=x.shape[1])

    def upsample(self, image):
        return F.conv_transpose2d(
            image, self.fir.expand(image.shape[1], -1, -1, -1), stride=2, padding=1, groups=image.shape[1]
        )


def index(scope):
    """Number of a layer's noise image and style."""
    res = int(scope.split('x')[0]).bit_length() - 1
    return 2 * res - 5 + (not scope.endswith('Conv0_up')) if res > 2 else 0


def main():
    torch.set_grad_enabled(False)
    variables = dict(np.load(sys.argv[1]))
    dlatents = torch.tensor(variables.pop('dlatents'))
    networks = {}
    for line in sys.stdin:
        words = line.split()
        form = words[1] if words[0] == 'save' else words[0]
        if form not in networks:
            networks[form] = Synthesis(variables, form)
        begin = time.perf_counter()
        images = networks[form](dlatents)
        seconds = time.perf_counter() - begin
        if words[0] == 'save':
            np.save(words[2], images)
        print(seconds, flush=True)


if __name__ == '__main__':
    main()
