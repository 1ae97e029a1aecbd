using System.Collections.Concurrent;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.StepTime;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Evaluation;

/// <summary>
/// Step times for runs on several threads. What a source tabulates as it goes costs more than a short run, so sources are handed
/// from run to run; each is on one thread at a time.
/// </summary>
/// <param name="create">Makes the step times of a pool of a candidate.</param>
public sealed class StepTimePool(Func<Candidate, PoolModel, IStepTimeSource> create)
{
    // Tables of a source grow to a few hundred KiB.
    private const int IdleMost = 1024;

    private readonly ConcurrentDictionary<Deployment, ConcurrentBag<CoefficientsStepTime>> _idle = new();
    private int _count;

    /// <summary>Sources for one run, on the thread that asks; to be disposed of when it ended.</summary>
    public StepTimeLease Begin() => new(this);

    internal IStepTimeSource Create(Candidate candidate, PoolModel pool) => create(candidate, pool);

    internal CoefficientsStepTime? TakeIdle(Deployment key)
    {
        if (!_idle.TryGetValue(key, out var bag) || !bag.TryTake(out var source))
        {
            return null;
        }

        Interlocked.Decrement(ref _count);
        return source;
    }

    internal void GiveBack(Deployment key, CoefficientsStepTime source)
    {
        if (Interlocked.Increment(ref _count) > IdleMost)
        {
            // Begin anew; nothing but time depends on what is kept.
            _idle.Clear();
            Interlocked.Exchange(ref _count, 1);
        }

        _idle.GetOrAdd(key, _ => []).Add(source);
    }
}

/// <summary>The step times of one run.</summary>
public sealed class StepTimeLease : IDisposable
{
    private readonly StepTimePool _pool;
    private readonly List<(Deployment Key, CoefficientsStepTime Source)> _taken = [];

    internal StepTimeLease(StepTimePool pool) => _pool = pool;

    /// <summary>Step times of a pool, every step so many times as long as predicted.</summary>
    public IStepTimeSource Of(Candidate candidate, PoolModel pool, double factor = 1)
    {
        if (pool.StepTime is not CoefficientsStepTimeModel { File: null } model)
        {
            var made = _pool.Create(candidate, pool);
            return made is CoefficientsStepTime measured ? measured.WithFactor(factor) : made;
        }

        // Pools that are alike share theirs.
        var key = CoefficientsStepTime.Canonical(model.Deployment);
        foreach (var (known, shared) in _taken)
        {
            if (known == key)
            {
                return shared.WithFactor(factor);
            }
        }

        var source = _pool.TakeIdle(key) ?? (CoefficientsStepTime)_pool.Create(candidate, pool);
        _taken.Add((key, source));
        return source.WithFactor(factor);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var (key, source) in _taken)
        {
            _pool.GiveBack(key, source);
        }

        _taken.Clear();
    }
}
