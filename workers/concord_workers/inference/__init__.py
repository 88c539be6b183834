"""How pictures are made: prompts, pipelines, memory and estimates."""
