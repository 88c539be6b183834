"""What steers a picture: ControlNets, LoRAs, textual inversions, prompts."""
