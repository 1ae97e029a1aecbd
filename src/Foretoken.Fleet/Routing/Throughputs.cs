using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>Tokens per second that each worker generated between its last two polls.</summary>
internal sealed class Throughputs
{
    private SimTime _polledAt = SimTime.Never;
    private long[] _generated = new long[8];
    private double[] _perSecond = new double[8];

    /// <summary>That of a worker; 0 before the second poll.</summary>
    public double this[int worker] => _perSecond[worker];

    /// <summary>Takes a new poll over, if there was one.</summary>
    public void Follow(in RouterView view)
    {
        if (_polledAt == view.PolledAt && _generated.Length >= view.GeneratedTokens.Length)
        {
            return;
        }

        if (_generated.Length < view.GeneratedTokens.Length)
        {
            Array.Resize(ref _generated, 2 * view.GeneratedTokens.Length);
            Array.Resize(ref _perSecond, _generated.Length);
        }

        var seconds = _polledAt == SimTime.Never || view.PolledAt == SimTime.Never ? 0 : (view.PolledAt - _polledAt).TotalSeconds;
        foreach (var worker in view.Workers)
        {
            var generated = view.GeneratedTokens[worker];
            _perSecond[worker] = seconds > 0 ? (generated - _generated[worker]) / seconds : 0;
            _generated[worker] = generated;
        }

        _polledAt = view.PolledAt;
    }
}
