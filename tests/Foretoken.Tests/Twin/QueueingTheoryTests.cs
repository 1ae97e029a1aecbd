using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing.Simple;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin;

/// <summary>
/// Settings under which the engine is a textbook queue, against the textbook. One request at a time (max_num_seqs 1) with
/// Poisson arrivals: a constant service time makes it M/D/1, an exponential number of steps nearly M/M/1.
/// </summary>
public sealed class QueueingTheoryTests
{
    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.8)]
    public void Run_ConstantServiceOneAtATime_WaitsLikeMD1(double utilisation)
    {
        const double service = 0.01;
        var source = new PoissonSource(200_000, utilisation / service, _ => 1);
        var result = TwinRun.Run(Plan(source, new FixedStepTime(service * 1000, 1)));
        var (mean, standardError) = MeanWait(result);

        // Pollaczek-Khinchine with no variance of service.
        var expected = utilisation * service / (2 * (1 - utilisation));
        Assert.InRange(mean, expected - 5 * standardError, expected + 5 * standardError);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.7)]
    public void Run_GeometricServiceOneAtATime_WaitsLikeMG1(double utilisation)
    {
        // Service: one prefill step and k - 1 decode steps of 1 ms each, k geometric with mean 50: all but exponential.
        const double p = 1.0 / 50;
        const double step = 0.001;
        var source = new PoissonSource(200_000, utilisation * p / step, u => 1 + (int)Math.Floor(DeterministicMath.Log(u) / DeterministicMath.Log(1 - p)));
        var result = TwinRun.Run(Plan(source, new FixedStepTime(step * 1000, step * 1000)));
        var (mean, standardError) = MeanWait(result);
        var secondMoment = step * step * (2 - p) / (p * p);
        var rate = utilisation * p / step;
        var expected = rate * secondMoment / (2 * (1 - utilisation));
        Assert.InRange(mean, expected - 5 * standardError, expected + 5 * standardError);

        // And M/M/1 itself, rho/(mu - lambda), is within the 1 % by which geometric differs from exponential.
        var exponential = utilisation * (step / p) / (1 - utilisation);
        Assert.InRange(expected / exponential, 0.985, 1.0);
    }

    [Fact]
    public void Run_ManyServers_NobodyWaitsWhereNothingLimits()
    {
        var source = new PoissonSource(2_000, 50, _ => 20);
        var result = TwinRun.Run(Plan(source, new FixedStepTime(1, 1)).WithPool(p => p with { Engine = Settings(maxNumSeqs: 256) }));

        // A request waits at most for the step that is under way (1 ms decode or 2 ms mixed).
        for (var i = 0; i < result.Requests.Count; i++)
        {
            Assert.True((result.Requests.Scheduled(i) - result.Requests.Arrival(i)).Nanoseconds <= 2_000_000);
        }
    }

    private static RunPlan Plan(IRequestSource source, IStepTimeSource stepTime) => new()
    {
        Source = source,
        Pools =
        [
            new PoolPlan
            {
                Replicas = 1,
                Engine = Settings(maxNumSeqs: 1),
                StepTime = stepTime,
            },
        ],
        Routing = new RoundRobin(),
    };

    private static VllmSettings Settings(int maxNumSeqs) => new()
    {
        NumGpuBlocks = 10_001,
        MaxModelLen = 100_000,
        MaxNumSeqs = maxNumSeqs,
        AsyncScheduling = false,
        EnablePrefixCaching = false,
    };

    // Mean wait in seconds and the standard error of the mean from 100 batches (waits of neighbours are alike).
    private static (double Mean, double StandardError) MeanWait(Foretoken.Twin.Results.RunResult result)
    {
        const int batches = 100;
        var requests = result.Requests;
        var size = requests.Count / batches;
        var means = new double[batches];
        for (var b = 0; b < batches; b++)
        {
            for (var i = b * size; i < (b + 1) * size; i++)
            {
                means[b] += (requests.Scheduled(i) - requests.Arrival(i)).TotalSeconds / size;
            }
        }

        var mean = means.Average();
        return (mean, Math.Sqrt(means.Sum(m => (m - mean) * (m - mean)) / (batches - 1) / batches));
    }

    private sealed class PoissonSource(int count, double rate, Func<double, int> outputTokens) : IRequestSource
    {
        private RandomStream _gaps = new(42, StreamId.Arrivals);
        private RandomStream _lengths = new(42, StreamId.OutputLengths);
        private int _next;
        private SimTime _at;

        public bool IsReactive => false;

        public long Count => count;

        public PrefixTree? Tree => null;

        public SimTime NextArrival => _next < count ? _at : SimTime.Never;

        public void Take(out RequestSpec request)
        {
            request = new RequestSpec { Index = _next++, Arrival = _at, InputTokens = 10, OutputTokens = outputTokens(_lengths.NextOpenDouble()), Session = -1 };
            _at += SimDuration.FromSeconds(_gaps.NextExponential() / rate);
        }

        public void Finished(int requestIndex, SimTime at)
        {
        }
    }
}
