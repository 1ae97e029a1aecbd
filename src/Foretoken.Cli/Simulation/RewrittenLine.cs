using System.Diagnostics;

namespace Foretoken.Cli.Simulation;

/// <summary>
/// A line on standard error that tells how far something is: rewritten in its place on a terminal, a new line now and then elsewhere.
/// Silent for the first second.
/// </summary>
internal sealed class RewrittenLine(TextWriter to, bool terminal, TimeSpan everyOnTerminal, TimeSpan everyElsewhere)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = TimeSpan.FromSeconds(1);
    private int _width;

    /// <summary>Writes the line if it is time for one; it is made only then, from the time that passed so far.</summary>
    public void Update(Func<TimeSpan, string> text)
    {
        var elapsed = _clock.Elapsed;
        if (elapsed < _next)
        {
            return;
        }

        _next = elapsed + (terminal ? everyOnTerminal : everyElsewhere);
        var line = text(elapsed);
        if (terminal)
        {
            // Padded, so that a longer line before it does not shine through.
            to.Write("\r" + line.PadRight(_width));
            _width = line.Length;
        }
        else
        {
            to.WriteLine(line);
        }

        to.Flush();
    }

    /// <summary>Takes the line away again.</summary>
    public void Clear()
    {
        if (_width > 0)
        {
            to.Write("\r" + new string(' ', _width) + "\r");
            to.Flush();
            _width = 0;
        }
    }
}
