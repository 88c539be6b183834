using Microsoft.AspNetCore.Mvc;

namespace Studio.Controllers;

public enum ModelType { Sdxl, SdxlRefiner, Vae, Lora, Controlnet, TextualInversion, Upscaler, SafetyChecker }

public record FindBestGpu(ModelType? ModelType, string? ModelId);

public record BestGpu(string GpuId, string Reason);

[ApiController]
[Route("v1/gpus")]
public class GpuController(IGpuPool pool) : ControllerBase
{
    [HttpGet("best")]
    public async Task<ActionResult<BestGpu>> Best([FromQuery] FindBestGpu query) => Ok(await pool.FindBestAsync(query));
}

public interface IGpuPool
{
    Task<BestGpu> FindBestAsync(FindBestGpu query);
}
