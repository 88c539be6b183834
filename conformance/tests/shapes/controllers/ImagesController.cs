// A service as ASP.NET makes it: controllers hand transfer objects on, and JSON follows the web defaults.
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace Shapes.Controllers;

public interface IImageService
{
    Task<ResultDto> CreateAsync(SubmissionDto submission, CancellationToken stop);
}

[ApiController]
[Route("api/[controller]")]
public sealed class ImagesController(IImageService service, ILogger<ImagesController> logger) : ControllerBase
{
    [HttpPost]
    public async Task<ActionResult<ResultDto>> Create([FromBody] SubmissionDto submission, CancellationToken stop)
    {
        logger.LogInformation("a job of {Steps} steps", submission.Scheduler?.Steps);
        var result = await service.CreateAsync(submission, stop);
        return CreatedAtAction(nameof(Get), new { id = result.SessionId, action = "Get", controller = "Images" }, result);
    }

    [HttpGet("{id}")]
    public IActionResult Get(string id) => NotFound(new ProblemView { Title = "no job", Detail = id });
}

public class ProblemView
{
    public string Title { get; set; } = "";
    public string? Detail { get; set; }
}
