using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scaling;

/// <content>What whoever plays futures has to know of the scaler's own books.</content>
internal sealed partial class ScalerDesk
{
    private const int LengthsKept = 512;
    private readonly List<(int Input, int Output)> _finishedLengths = [];
    private long _finished;

    /// <summary>Prompt and answer lengths of the requests that finished last, wherever in the fleet.</summary>
    public IReadOnlyList<(int Input, int Output)> FinishedLengths => _finishedLengths;

    /// <summary>GPUs that may be added before the quota is reached.</summary>
    public long FreeGpus => _quota == long.MaxValue ? long.MaxValue : _quota - _pools.Sum(p => (long)p.Wanted * p.Plan.GpusPerReplica);

    /// <summary>The pools as they are now.</summary>
    public IReadOnlyList<FuturePool> FuturePools() => [.. _pools.Select(p => new FuturePool(p.Plan, p.Scaling.ColdStart.Median(p.Plan.GpusPerReplica)))];

    /// <summary>When a replica that does not serve yet will, as far as is known: how long this start takes is not, only how long one usually takes.</summary>
    public SimTime ServesAt(int worker, IReadOnlyList<FuturePool> pools)
    {
        var life = _lives[worker];
        return (life.Life.Started == SimTime.Never ? life.Life.Requested : life.Life.Started) + pools[life.Pool].StartUp;
    }

    private void Remember(in RequestRecord record)
    {
        var lengths = (_book.Requests.InputTokens(record.Index), record.OutputTokens);
        if (_finishedLengths.Count < LengthsKept)
        {
            _finishedLengths.Add(lengths);
        }
        else
        {
            _finishedLengths[(int)(_finished % LengthsKept)] = lengths;
        }

        _finished++;
    }
}
