using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.StepTime;
using Foretoken.Hardware.StepTime.Records;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Hardware.Records;

public sealed class MeasuredStepTimeTests
{
    private static readonly Deployment Llama = new()
    {
        Model = ModelCatalogue.BuiltIn.Find("meta-llama/Llama-3.1-8B")!.Shape,
        Gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!,
        Engine = EngineKind.Vllm,
        EngineVersion = "0.19.0",
    };

    private static readonly StepRecordHeader Header = new("vllm", "0.19.0", "meta-llama/Llama-3.1-8B", "h100", new(), "");
    private static readonly CoefficientsStepTime Shape = CoefficientsStepTime.Create(Llama, "");

    private static StepRecord Decode(int requests, int each, double factor)
    {
        var ms = Shape.Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = (long)requests * each });
        return new(ms * factor, requests, (long)requests * each, [], 0);
    }

    private static StepRecord Prompt(int tokens, double factor)
    {
        PrefillChunk[] chunk = [new(tokens, 0, true)];
        return new(Shape.Milliseconds(new StepBatch { Prefills = chunk }) * factor, 0, 0, chunk, 0);
    }

    private static MeasuredStepTime Source(params StepRecord[] records) => MeasuredStepTime.Create(Llama, new StepRecordFile(Header, records), "f");

    private static double Factor(MeasuredStepTime source, int requests, int each)
    {
        var batch = new StepBatch { DecodeRequests = requests, DecodeContextTokens = (long)requests * each };
        return source.Milliseconds(batch) / Shape.Milliseconds(batch);
    }

    [Fact]
    public void Milliseconds_OfARecordedStep_IsTheRecord()
    {
        var source = Source(Decode(16, 1024, 1.5), Decode(16, 1024, 1.5), Decode(64, 4096, 1.2), Prompt(2048, 1.1));
        Assert.Equal(1.5, Factor(source, 16, 1024), 1e-9);
        Assert.Equal(1.2, Factor(source, 64, 4096), 1e-9);
        PrefillChunk[] chunk = [new(2048, 0, true)];
        var prompt = new StepBatch { Prefills = chunk };
        Assert.Equal(1.1, source.Milliseconds(prompt) / Shape.Milliseconds(prompt), 1e-9);
        Assert.Empty(source.Notes);
    }

    [Fact]
    public void Milliseconds_BetweenRecords_LiesBetweenThem()
    {
        var source = Source(Decode(16, 1024, 1.5), Decode(64, 1024, 1.1), Prompt(512, 1));
        var (near, middle, far) = (Factor(source, 20, 1024), Factor(source, 32, 1024), Factor(source, 52, 1024));
        Assert.True(1.5 > near && near > middle && middle > far && far > 1.1, $"{near} {middle} {far}");
        Assert.Equal(Math.Sqrt(1.5 * 1.1), middle, 1e-6);
    }

    [Fact]
    public void Milliseconds_FarFromAllRecords_HasTheirFactor() =>
        Assert.Equal(1.3, Factor(Source(Decode(16, 1024, 1.3), Decode(24, 900, 1.3), Prompt(512, 1)), 200, 16000), 1e-9);

    [Fact]
    public void Milliseconds_OfRepeatedRecords_IsTheirGeometricMean() =>
        Assert.Equal(Math.Sqrt(1.2 * 1.6), Factor(Source(Decode(16, 1024, 1.2), Decode(16, 1024, 1.6), Prompt(512, 1)), 16, 1024), 1e-9);

    [Fact]
    public void Milliseconds_OfAKindThatWasNotRecorded_IsTheCoefficientsAndIsSaid()
    {
        var source = Source(Prompt(512, 1.4));
        Assert.Equal(1, Factor(source, 16, 1024));
        Assert.Contains("no step that only decodes was recorded: coefficients", source.Notes);
        Assert.Contains("no step that computes prompts was recorded: coefficients", Source(Decode(1, 1, 2)).Notes);
    }

    [Fact]
    public void Milliseconds_OfRecordsFasterThanPhysics_AreBounded()
    {
        var source = Source(Decode(16, 1024, 0.01), Prompt(512, 1));

        // 15 GB of weights, all but the embedding read once, at 3.35 TB/s.
        var ms = source.Milliseconds(new StepBatch { DecodeRequests = 16, DecodeContextTokens = 16 * 1024 });
        Assert.InRange(ms, 4.4, 5.5);
        Assert.Contains(source.Notes, n => n.StartsWith("1 of 2 recorded steps are faster", StringComparison.Ordinal));
    }

    [Fact]
    public void DecodeRun_OfAnyLength_EqualsSingleSteps()
    {
        var source = Source(Decode(16, 1024, 1.5), Decode(64, 1024, 1.1), Decode(3, 100, 1.9), Prompt(512, 1));
        Span<long> run = stackalloc long[100];
        foreach (var (requests, context) in new[] { (1, 7L), (3, 900L), (17, 17L * 2040), (256, 256L * 4090) })
        {
            source.DecodeRun(requests, context, run);
            for (var i = 0; i < run.Length; i++)
            {
                Assert.Equal(NanosecondRounding.Round(source.Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = context + ((long)i * requests) })), run[i]);
            }
        }
    }

    [Fact]
    public void Explain_OfAStep_SumsToItsTime()
    {
        var source = Source(Decode(16, 1024, 1.5), Prompt(512, 1));
        var batch = new StepBatch { DecodeRequests = 16, DecodeContextTokens = 16 * 1024 };
        Assert.Equal(source.Milliseconds(batch) * 1e3, source.Explain(batch).Sum(l => l.Us), 3);
    }

    [Fact]
    public void Create_OnAnotherDeployment_ListsEveryDifference()
    {
        var file = new StepRecordFile(Header with { Engine = "sglang", Gpu = "b200-sxm", Model = "us/other", Layout = new() { TensorParallel = 2 } }, [Decode(1, 1, 1)]);
        var problems = Assert.Throws<InputException>(() => MeasuredStepTime.Create(Llama, file, "f")).Problems.Select(p => p.Place);
        Assert.Equal(["f: engine", "f: model", "f: gpu", "f: tensor_parallel"], problems);
    }

    [Fact]
    public void Create_OfAnotherRelease_SaysSo() =>
        Assert.Contains(
            MeasuredStepTime.Create(Llama with { EngineVersion = "0.20.0" }, new StepRecordFile(Header, [Decode(1, 1, 1)]), "f").Notes,
            n => n == "the steps were recorded with vllm 0.19.0, the scenario has 0.20.0");
}
