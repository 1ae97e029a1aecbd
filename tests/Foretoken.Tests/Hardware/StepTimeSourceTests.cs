using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Hardware;

public sealed class StepTimeSourceTests
{
    public static TheoryData<string> Sources => ["polynomial", "fixed", "linear", "table", "table of one"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void DecodeRun_EqualsSingleSteps_ToTheBit(string name)
    {
        var source = Create(name);
        var random = new RandomStream(10, StreamId.Test);
        var run = new long[67];
        for (var i = 0; i < 2000; i++)
        {
            var requests = 1 + random.NextInt(300);
            var context = requests * (1L + random.NextInt(60_000));
            var length = 1 + random.NextInt(run.Length);
            source.DecodeRun(requests, context, run.AsSpan(0, length));
            for (var k = 0; k < length; k++)
            {
                var step = new StepBatch { DecodeRequests = requests, DecodeContextTokens = context + (long)k * requests };
                Assert.Equal(Math.Max(1, SimDuration.FromMilliseconds(source.Milliseconds(step)).Nanoseconds), run[k]);
            }
        }
    }

    // Values computed from DynoSim's published constants.
    [Theory]
    [InlineData(128, 18.452)]
    [InlineData(1024, 32.491)]
    [InlineData(8192, 169.137)]
    [InlineData(16384, 378.278)]
    public void Polynomial_Prefill_KnownValues(int tokens, double milliseconds)
    {
        var source = new PolynomialStepTime(1_000_000);
        PrefillChunk[] chunk = [new PrefillChunk(tokens, 0, Completes: false)];
        Assert.Equal(milliseconds, source.Milliseconds(new StepBatch { Prefills = chunk }), 0.0006);
    }

    [Theory]
    [InlineData(0.25, 17.634)]
    [InlineData(0.5, 26.31)]
    [InlineData(1, 34.01)]
    [InlineData(3, 34.01)]
    public void Polynomial_Decode_KnownValues(double share, double milliseconds)
    {
        var source = new PolynomialStepTime(1_000_000);
        Assert.Equal(milliseconds, source.Milliseconds(new StepBatch { DecodeRequests = 9, DecodeContextTokens = (long)(share * 1_000_000) }), 0.001);
    }

    [Fact]
    public void Polynomial_PromptThatCompletes_CountsInTheDecodePartToo()
    {
        var source = new PolynomialStepTime(1_000_000);
        PrefillChunk[] chunk = [new PrefillChunk(1024, 248_976, Completes: true)];
        Assert.Equal(32.491 + 17.634, source.Milliseconds(new StepBatch { Prefills = chunk }), 0.001);
    }

    [Fact]
    public void Linear_MixedStep_IsTheSumOfItsParts()
    {
        var source = new LinearStepTime(new LinearCoefficients(2, 0.01, 1e-5), new LinearCoefficients(1, 0.1, 0.001));
        PrefillChunk[] chunks = [new PrefillChunk(100, 1000, true), new PrefillChunk(10, 0, false)];
        var area = 100 * (1000 + 50.5) + 10 * 5.5;
        var expected = 2 + 0.01 * 110 + 1e-5 * area + 1 + 0.1 * 3 + 0.001 * 5000;
        Assert.Equal(expected, source.Milliseconds(new StepBatch { Prefills = chunks, DecodeRequests = 3, DecodeContextTokens = 5000 }), 1e-12);
    }

    [Theory]
    [InlineData(1, 100, 10)] // a grid point
    [InlineData(1, 150, 11)] // between contexts
    [InlineData(2, 100, 11)] // between batches (1 and 3)
    [InlineData(3, 300, 16)]
    [InlineData(5, 200, 16)] // beyond the largest batch: the last line goes on
    [InlineData(1, 0, 10)] // below the smallest context: never shorter than the shortest measured
    public void Table_Decode_IsBilinear(int batch, int meanContext, double milliseconds)
    {
        var source = Create("table");
        Assert.Equal(milliseconds, source.Milliseconds(new StepBatch { DecodeRequests = batch, DecodeContextTokens = (long)batch * meanContext }), 1e-9);
    }

    private static IStepTimeSource Create(string name) => name switch
    {
        "polynomial" => new PolynomialStepTime(8_000_000),
        "fixed" => new FixedStepTime(20, 7.5),
        "linear" => new LinearStepTime(new LinearCoefficients(2, 0.01, 1e-5), new LinearCoefficients(1, 0.1, 0.00037)),
        "table" => new TableStepTime(new StepTimeTable
        {
            PrefillTokens = [10, 1000],
            PrefillMilliseconds = [5, 50],
            DecodeFirstAxis = DecodeAxis.Batch,
            DecodeFirst = [1, 3],
            DecodeContext = [100, 200, 300],
            DecodeMilliseconds = [10, 12, 14, 12, 14, 16],
        }),
        _ => new TableStepTime(new StepTimeTable
        {
            PrefillTokens = [10],
            PrefillMilliseconds = [5],
            DecodeFirstAxis = DecodeAxis.ActiveKvTokens,
            DecodeFirst = [1],
            DecodeContext = [1],
            DecodeMilliseconds = [3],
        }),
    };
}
