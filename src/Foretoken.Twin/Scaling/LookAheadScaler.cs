using System.Globalization;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.Forecasts;
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
    private readonly ulong _seed;
    private readonly IForecaster _arrivals;
    private readonly List<double> _errors = [];
    private double? _expected;
    private ulong _decision;
    private long _futures;
    private double _seconds;
    private long _requests;

    /// <summary>A scaler that has seen nothing.</summary>
    public LookAheadScaler(LookAheadOptions options, IFutureSource source, ulong seed)
    {
        _options = options;
        _source = source;
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

    /// <summary>What cannot be copied, as the subject of a sentence; null when the engine can be.</summary>
    public static string? NotCovered(EngineSettings engine) =>
        engine is not VllmSettings ? $"the {engine.EngineName} engine"
        : ReplicaFactory.NotCovered(engine) is { } beyond ? $"an engine with {beyond}" : null;

    /// <inheritdoc />
    public ScalingDecision Decide(ScalingView view)
    {
        var pool = view.Pools[0];
        var arrived = pool.History.Growth(_options.Interval, s => s.Arrived).Growth;
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
            return ScalingDecision.One(pool.Target, "nothing has finished yet");
        }

        var horizon = pool.Starting + pool.Warming + pool.Requested > 0 || Affordable(pool).Any(t => t > pool.Target)
            ? _source.StartUp + _options.Horizon
            : _options.Horizon;
        var futures = new Future[_options.Futures];
        for (var i = 0; i < futures.Length; i++)
        {
            futures[i] = Draw(view.Now, horizon, (uint)i);
        }

        var best = pool.Target;
        var least = double.PositiveInfinity;
        var (stays, chosen) = (Expected.None, Expected.None);
        foreach (var target in Affordable(pool))
        {
            double seconds = 0;
            double misses = 0;
            foreach (var future in futures)
            {
                var play = new FuturePlay(_source, future, _options, view.Now, view.Now + horizon);
                var (gpuSeconds, missed) = play.Cost(target - pool.Target);
                seconds += gpuSeconds / futures.Length;
                misses += (double)missed / futures.Length;
                _requests += future.Arrivals.Count;
            }

            _futures += futures.Length;
            _seconds += futures.Length * horizon.TotalSeconds;

            // Of equal ones the one nearest to what there is; it comes first.
            var expected = new Expected(seconds, misses);
            stays = target == pool.Target ? expected : stays;
            var cost = seconds + misses * _options.GpuSecondsPerMiss;
            if (cost < least - 1e-9)
            {
                (least, best, chosen) = (cost, target, expected);
            }
        }

        return ScalingDecision.One(best, best == pool.Target ? "staying costs least" : $"expects {chosen} instead of {stays}");
    }

    // What there is, one or two fewer, and one, two, four ... more.
    private IEnumerable<int> Affordable(PoolView pool)
    {
        yield return pool.Target;
        for (var less = 1; less <= 2 && pool.Target - less >= Math.Max(1, pool.Minimum); less++)
        {
            yield return pool.Target - less;
        }

        for (var more = 1; more <= _options.MaxStep && pool.Target + more <= pool.Maximum; more *= 2)
        {
            yield return pool.Target + more;
        }
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

        return new Future(arrivals, random);
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
/// <param name="Random">Draws, the same for every action.</param>
internal sealed record Future(IReadOnlyList<(SimTime At, int Input, int Output)> Arrivals, RandomStream Random);
