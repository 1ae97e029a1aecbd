using System.Globalization;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin.Results;

namespace Foretoken.Twin.Scaling;

/// <summary>
/// Looks ahead: copies the state of the run, plays the next minutes for every action that it can afford against the same few
/// futures, and takes the action whose GPU time and missed requests cost least on average. A future is a sample of arrivals
/// from the forecast, with lengths of requests that finished lately; the answers under way are guessed from those too, so that
/// nothing is known that a real scaler beside a twin would not know.
/// </summary>
internal sealed class LookAheadScaler : IScalingPolicy
{
    private readonly LookAheadOptions _options;
    private readonly IFutureSource _source;
    private readonly IReadOnlyList<int> _pools;
    private readonly ulong _seed;
    private readonly IForecaster _arrivals;
    private readonly LogHistogram _gaps = new();
    private readonly List<double> _errors = [];
    private int _arrivedBefore;
    private double? _expected;
    private ulong _decision;
    private long _futures;
    private double _seconds;
    private long _requests;

    /// <summary>A scaler that has seen nothing.</summary>
    /// <param name="options">How it looks.</param>
    /// <param name="source">What it knows of the run.</param>
    /// <param name="pools">Numbers of the pools that it decides on, in the order of its view.</param>
    /// <param name="seed">Seed of its futures.</param>
    public LookAheadScaler(LookAheadOptions options, IFutureSource source, IReadOnlyList<int> pools, ulong seed)
    {
        _options = options;
        _source = source;
        _pools = pools;
        _seed = seed;
        _arrivals = options.Forecaster();
        Rhythm = new(options.Interval, options.Interval, options.Interval * 2);
    }

    /// <inheritdoc />
    public string Name => "look_ahead";

    /// <inheritdoc />
    public ScalingRhythm Rhythm { get; }

    /// <summary>What it took so far.</summary>
    public LookAheadCost Cost => new(_futures, _seconds, _requests);

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var arrived = _source.Arrived - _arrivedBefore;
        _arrivedBefore = _source.Arrived;
        if (_expected is { } forecast && forecast > 0)
        {
            _errors.Add(arrived / forecast - 1);
            if (_errors.Count > 20)
            {
                _errors.RemoveAt(0);
            }
        }

        _arrivals.Observe(arrived);
        _expected = _arrivals.Forecast(1);
        _decision++;
        if (_source.Lengths.Count == 0)
        {
            return ScalingDecision.Keep(view, "nothing has finished yet");
        }

        var start = _source.Begin(view.Now);
        var actions = LookAheadActions.Of(view.Pools, _options.MaxStep, _source.FreeGpus);
        var grows = actions.Exists(a => a.Any(change => change > 0)) || view.Pools.Any(p => p.Starting + p.Warming + p.Requested > 0);
        var horizon = _options.Horizon + (grows ? new SimDuration(_pools.Max(p => start.Pools[p].StartUp.Nanoseconds)) : SimDuration.Zero);
        var futures = new Future[_options.Futures];
        for (var i = 0; i < futures.Length; i++)
        {
            futures[i] = Draw(view.Now, horizon, (uint)i);
        }

        // Of equal ones the one nearest to what there is; it comes first.
        var stays = Play(start, actions[0], futures, view.Now, horizon, double.PositiveInfinity)!.Value;
        var (best, chosen, least) = (actions[0], stays, CostOf(stays));
        foreach (var action in actions.Skip(1))
        {
            if (Play(start, action, futures, view.Now, horizon, least) is { } expected && CostOf(expected) < least - Negligible)
            {
                (best, chosen, least) = (action, expected, CostOf(expected));
            }
        }

        return new ScalingDecision(
            [.. view.Pools.Select((p, i) => p.Target + best[i])],
            best == actions[0] ? "staying costs least" : $"expects {chosen} instead of {stays}");
    }

    private const double Negligible = 1e-9;

    private double CostOf(Expected expected) => expected.GpuSeconds + expected.Misses * _options.GpuSecondsPerMiss;

    // Plays an action; null when it cannot come out cheaper than the best so far. Missed requests only add to what the GPUs cost
    // anyway, so an action is given up, or not begun, as soon as both together are too much, and nothing better is ever lost.
    private Expected? Play(FutureStart start, int[] action, Future[] futures, SimTime now, SimDuration horizon, double least)
    {
        var changes = new int[start.Pools.Count];
        for (var i = 0; i < action.Length; i++)
        {
            changes[_pools[i]] = action[i];
        }

        var floor = Floor(start, changes) * horizon.TotalSeconds;
        var known = floor * futures.Length;
        double seconds = 0;
        double misses = 0;
        foreach (var future in futures)
        {
            // What this future may cost when all later ones cost no more than their GPUs.
            var budget = _options.PlaysAll ? double.PositiveInfinity : least * futures.Length - (known - floor);
            if (floor >= budget)
            {
                return null;
            }

            _futures++;
            _seconds += horizon.TotalSeconds;
            _requests += future.Arrivals.Count;
            if (new FuturePlay(start, future, _options, now, now + horizon, _gaps).Cost(changes, budget) is not { } cost)
            {
                return null;
            }

            seconds += cost.GpuSeconds / futures.Length;
            misses += (double)cost.Misses / futures.Length;
            known += cost.GpuSeconds + cost.Misses * _options.GpuSecondsPerMiss - floor;
        }

        return new Expected(seconds, misses);
    }

    // GPUs that are there until the end whatever happens.
    private static long Floor(FutureStart start, int[] changes)
    {
        long gpus = 0;
        foreach (var replica in start.Replicas)
        {
            gpus += replica.State == ReplicaState.Draining ? 0 : replica.Plan.GpusPerReplica;
        }

        for (var i = 0; i < changes.Length; i++)
        {
            gpus += (long)changes[i] * start.Pools[i].Plan.GpusPerReplica;
        }

        return gpus;
    }

    private Future Draw(SimTime now, SimDuration horizon, uint number)
    {
        var random = new RandomStream(_seed, StreamId.Futures, _decision * 65_536 + number);

        // How far forecasts were off lately, drawn once for the whole future; the first future is the forecast itself.
        var spread = _errors.Count < 3 ? 0.1 : Spread();
        var factor = number == 0 ? 1 : Math.Max(0.1, 1 + spread * random.NextNormal());
        var arrivals = new List<(SimTime At, int Input, int Output)>();
        var end = (now + horizon).Nanoseconds;
        double at = now.Nanoseconds;
        while (true)
        {
            // Arrivals of a Poisson process whose rate is the forecast of the interval that it is in.
            var step = 1 + (int)((at - now.Nanoseconds) / _options.Interval.Nanoseconds);
            var rate = Math.Max(1e-18, _arrivals.Forecast(step) * factor / _options.Interval.Nanoseconds);
            var next = at + random.NextExponential() / rate;
            var edge = now.Nanoseconds + (double)step * _options.Interval.Nanoseconds;
            if (next > edge)
            {
                at = edge;
                if (at >= end)
                {
                    break;
                }

                continue;
            }

            at = next;
            if (at >= end)
            {
                break;
            }

            var (input, output) = _source.Lengths[random.NextInt(_source.Lengths.Count)];
            arrivals.Add((new SimTime((long)at), input, output));
        }

        return new Future(arrivals, _source.Lengths, random);
    }

    private double Spread()
    {
        var mean = _errors.Average();
        return DeterministicMath.Pow(_errors.Sum(e => (e - mean) * (e - mean)) / (_errors.Count - 1), 0.5);
    }
}

/// <summary>What an action is expected to cost.</summary>
/// <param name="GpuSeconds">GPU seconds until the end of the futures.</param>
/// <param name="Misses">Missed requests.</param>
internal readonly record struct Expected(double GpuSeconds, double Misses)
{
    /// <summary>Nothing.</summary>
    public static Expected None => default;

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{GpuSeconds:0} GPU s and {Misses:0.#} missed");
}

/// <summary>A sample of what comes: arrivals with their lengths, and draws for what is unknown of the requests under way.</summary>
/// <param name="Arrivals">In order of time.</param>
/// <param name="Lengths">Of requests that finished lately.</param>
/// <param name="Random">Draws, the same for every action.</param>
internal sealed record Future(IReadOnlyList<(SimTime At, int Input, int Output)> Arrivals, IReadOnlyList<(int Input, int Output)> Lengths, RandomStream Random);
