namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>The planner's running means over the last passes it saw: leading zeros are left out, as before the first traffic.</summary>
/// <param name="samples">Samples that count.</param>
/// <param name="chunk">Most prompt tokens of a pass; 0 for no limit.</param>
internal sealed class RunningMeans(int samples, int chunk)
{
    private readonly Series _decodeLength = new(samples);
    private readonly Series _prefillPerPass = new(samples);
    private readonly Series _running = new(samples);
    private readonly Series _input = new(samples);
    private PoolSample? _last;

    /// <summary>Tokens that a running request holds.</summary>
    public double DecodeLength => _decodeLength.Mean;

    /// <summary>Prompt tokens of a pass.</summary>
    public double PrefillPerPass => _prefillPerPass.Mean;

    /// <summary>Requests running on a replica.</summary>
    public double Running => _running.Mean;

    /// <summary>Prompt tokens that a request computes in a pass: what no cache has, in chunks.</summary>
    public double Input => _input.Mean;

    /// <summary>Takes in a scrape, once.</summary>
    public void Observe(PoolSample sample)
    {
        if (ReferenceEquals(sample, _last))
        {
            return;
        }

        foreach (var replica in sample.Replicas)
        {
            if (replica.Running > 0)
            {
                _decodeLength.Add((double)replica.KvTokens / replica.Running);
            }

            _running.Add(replica.Running);
        }

        var steps = sample.Steps - (_last?.Steps ?? 0);
        if (steps > 0)
        {
            _prefillPerPass.Add((double)(sample.PrefillTokens - (_last?.PrefillTokens ?? 0)) / steps);
        }

        var finished = sample.Finished - (_last?.Finished ?? 0);
        if (finished > 0)
        {
            var computed = (double)(sample.FinishedInput - (_last?.FinishedInput ?? 0) - sample.FinishedCached + (_last?.FinishedCached ?? 0)) / finished;
            _input.Add(chunk > 0 ? Math.Min(computed, chunk) : computed);
        }

        _last = sample;
    }

    private sealed class Series(int samples)
    {
        private readonly Queue<double> _values = new();
        private double _sum;

        public double Mean => _values.Count == 0 ? 0 : _sum / _values.Count;

        public void Add(double value)
        {
            if (value == 0 && _values.Count == 0)
            {
                return;
            }

            _values.Enqueue(value);
            _sum += value;
            if (_values.Count > samples)
            {
                _sum -= _values.Dequeue();
            }
        }
    }
}
