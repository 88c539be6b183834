# The models that worker-sim pretends to have, as flags of `conformance`; sourced by the scripts beside it, in the root.
# Pretend models are of the type that their names tell.
pretend=(--refiner sdxl_refiner --vae sdxl_vae --lora loras/style.safetensors --control-net controlnet_canny.safetensors
  --embedding embeddings/style.safetensors)
pretend_base=conformance/data/pretend_base.safetensors
