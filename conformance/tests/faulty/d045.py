"""NAMES jobs: fields that the transformer does not know vanish on the way, and are in no reply."""

from proxy import *

LOST = ("karras_sigmas", "use_karras_sigmas", "timestep_spacing", "prompt_weighting", "init_image", "inpaint_mask")
LOST += ("mask_image", "mask_blur", "mask_channel", "auto_contrast", "textual_inversions")


def cmd(m, was):
    if action(m) in JOBS:
        for name in LOST:
            for d, k in find(m, name):
                del d[k]
        for d, k in find(m, "control_nets"):
            if isinstance(d[k], list):
                d[k] = d[k][:1]


run(cmd)
