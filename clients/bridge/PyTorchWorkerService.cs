// The bridge of the existing C# services, as the requirements show it: it starts a process, writes JSON lines, and reads one
// line for each command.
using System.Diagnostics;
using System.Text.Json;

namespace Concord.Bridge;

/// <summary>Starts a worker process and exchanges lines with it; System.Text.Json with its default options.</summary>
public sealed class PyTorchWorkerService(string program, IEnumerable<string> arguments) : IAsyncDisposable
{
    private readonly Process _worker = Start(program, arguments);

    /// <summary>The last line that was read; the checks bind it again with other options.</summary>
    public string LastLine { get; private set; } = "";

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
    }

    public async Task<PyTorchResponse<T>> SendAsync<T>(object command, TimeSpan timeout)
    {
        await _worker.StandardInput.WriteLineAsync(JsonSerializer.Serialize(command));
        await _worker.StandardInput.FlushAsync();
        LastLine = await _worker.StandardOutput.ReadLineAsync().WaitAsync(timeout)
            ?? throw new EndOfStreamException("the worker closed its stdout");
        return JsonSerializer.Deserialize<PyTorchResponse<T>>(LastLine)
            ?? throw new InvalidDataException("the reply is null");
    }

    /// <summary>Closes stdin, waits for the process and returns its exit code.</summary>
    public async Task<int> StopAsync(TimeSpan timeout)
    {
        _worker.StandardInput.Close();
        await _worker.WaitForExitAsync().WaitAsync(timeout);
        return _worker.ExitCode;
    }

    public ValueTask DisposeAsync()
    {
        if (!_worker.HasExited)
        {
            _worker.Kill(entireProcessTree: true);
        }
        _worker.Dispose();
        return ValueTask.CompletedTask;
    }
}
