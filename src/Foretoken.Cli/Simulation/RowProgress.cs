using System.Diagnostics;
using System.Globalization;

namespace Foretoken.Cli.Simulation;

/// <summary>How many of many runs are done, on standard error: one line that is rewritten on a terminal, nothing elsewhere.</summary>
internal sealed class RowProgress(int total, TextWriter to, bool wanted, bool terminal)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private TimeSpan _next = TimeSpan.FromSeconds(1);
    private int _width;

    /// <summary>Shows the number if it is time to.</summary>
    public void Update(int done)
    {
        lock (_lock)
        {
            if (!wanted || !terminal || _clock.Elapsed < _next)
            {
                return;
            }

            _next = _clock.Elapsed + Every;
            var line = string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {total:N0} runs");
            to.Write("\r" + line.PadRight(_width));
            to.Flush();
            _width = line.Length;
        }
    }

    /// <summary>Takes the line away again.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_width > 0)
            {
                to.Write("\r" + new string(' ', _width) + "\r");
                to.Flush();
                _width = 0;
            }
        }
    }
}
