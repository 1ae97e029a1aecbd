using System.Globalization;
using Foretoken.Twin;

namespace Foretoken.Cli.Simulation;

/// <summary>
/// How a long run is getting on, on standard error: one line that is rewritten on a terminal, a line every few seconds
/// elsewhere. Silent for the first second.
/// </summary>
internal sealed class ProgressLine(RunControl control, long total, TextWriter to, bool terminal)
{
    private readonly RewrittenLine _line = new(to, terminal, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));

    /// <summary>Writes a line if it is time for one.</summary>
    public void Update() => _line.Update(elapsed =>
        Line(control.RequestsEnded, total, new Quantities.SimDuration(control.NowNanoseconds).TotalSeconds, elapsed.TotalSeconds));

    /// <summary>Takes the line away again.</summary>
    public void Clear() => _line.Clear();

    /// <summary>The line's text.</summary>
    internal static string Line(long ended, long total, double simulatedSeconds, double elapsedSeconds)
    {
        var rate = ended / elapsedSeconds;
        var requests = total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{ended:N0} of {total:N0} requests ({(double)ended / total:P0})")
            : string.Create(CultureInfo.InvariantCulture, $"{ended:N0} requests");
        var left = total > 0 && ended > 0 ? $", about {Time((total - ended) / rate)} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{requests}, {Time(simulatedSeconds)} simulated, {rate:N0} requests/s{left}");
    }

    private static string Time(double seconds) => seconds switch
    {
        < 1 => "under 1 s",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        < 172800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86400:0.0} d"),
    };
}
