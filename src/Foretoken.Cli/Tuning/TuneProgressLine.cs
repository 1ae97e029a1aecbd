using System.Globalization;
using Foretoken.Cli.Simulation;
using Foretoken.Tuning.Running;

namespace Foretoken.Cli.Tuning;

/// <summary>How a study is getting on, on standard error: one line that is rewritten on a terminal, a line every few seconds elsewhere.</summary>
internal sealed class TuneProgressLine(TunerProgress progress, TextWriter to, bool terminal, int columns)
{
    private readonly RewrittenLine _line = new(to, terminal, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    /// <summary>Writes a line if it is time for one.</summary>
    public void Update() => _line.Update(elapsed => Line(
        progress.Phase, progress.Candidates, progress.CandidatesMax, progress.Runs, progress.Played, elapsed.TotalSeconds, progress.Best, terminal ? columns - 1 : 200));

    /// <summary>Takes the line away again.</summary>
    public void Clear() => _line.Clear();

    /// <summary>The line's text, cut to the width.</summary>
    internal static string Line(string phase, long candidates, long most, long runs, long played, double seconds, string best, int width)
    {
        const int Bar = 20;
        var share = most > 0 ? Math.Min(1, (double)candidates / most) : 0;
        var bar = new string('#', (int)(share * Bar)).PadRight(Bar, '.');
        var left = candidates > 0 && share < 1 ? $", about {Time(seconds * (1 - share) / share)} left" : "";
        var line = string.Create(CultureInfo.InvariantCulture, $"{phase} [{bar}] {candidates:N0} of {most:N0} candidates, {runs:N0} runs, {played / seconds:N0}/s{left}");
        line = best.Length > 0 ? $"{line}; best so far {best}" : line;
        return line.Length <= width ? line : line[..Math.Max(0, width)];
    }

    private static string Time(double seconds) => seconds switch
    {
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
    };
}
