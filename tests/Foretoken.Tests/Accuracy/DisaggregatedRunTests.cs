using Foretoken.Accuracy.Silicon;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Accuracy;

public sealed class DisaggregatedRunTests
{
    private const string Header =
        "id,system,backend,model,precision,isl,osl,length_range_ratio,concurrency,prefill_workers,prefill_gpus_per_worker,prefill_dp_attention,decode_workers,decode_gpus_per_worker,decode_dp_attention,measured_ttft_ms,measured_tpot_ms\n";

    [Theory]
    [InlineData("trtllm", "False")]
    [InlineData("sglang", "False")]
    [InlineData("trtllm", "True")]
    public void Predict_PrefillAndDecodeWorkers_GivesBothTimes(string backend, string dp)
    {
        var row = Row($"a,b200_sxm,{backend},openai/gpt-oss-120b,fp4,1024,128,0.8,8,2,2,{dp},1,4,{dp},100,5");
        var prediction = DisaggregatedRun.Predict(row);
        Assert.InRange(prediction.TtftMs, 5, 2000);
        Assert.InRange(prediction.TpotMs, 0.5, 50);

        // One worker alone takes longer to first tokens: prompts queue.
        var one = DisaggregatedRun.Predict(row with { Prefill = row.Prefill with { Workers = 1 } });
        Assert.True(one.TtftMs >= prediction.TtftMs);
        Assert.Equal(prediction, DisaggregatedRun.Predict(row));
    }

    [Fact]
    public void Predict_WhatDoesNotFit_IsAProblemOfTheRow()
    {
        var outcome = Assert.Single(SiliconSuite.RunDisaggregated([Row("a,gb200,sglang,deepseek-ai/DeepSeek-R1,fp8,8192,1024,0.8,16,6,1,True,1,1,True,100,5")], stop: TestContext.Current.CancellationToken));
        Assert.Null(outcome.Prediction);
        Assert.NotEmpty(outcome.Problems);
    }

    [Theory]
    [InlineData("gb300", "deepseek-ai/DeepSeek-R1", "fp4", 8192, 2253, 1, 16, "True", 128)] // ctx14_gen1_dep16_batch128
    [InlineData("gb200", "deepseek-ai/DeepSeek-V3", "fp4", 1024, 6144, 2, 4, "True", 768)] // ctx1_gen2_dep4_batch768
    [InlineData("b300_sxm", "deepseek-ai/DeepSeek-R1", "fp8", 1024, 16384, 1, 8, "True", 1024)] // ctx2_gen1_dp8_batch1024
    [InlineData("gb300", "deepseek-ai/DeepSeek-V3", "fp8", 8192, 36, 4, 8, "False", 8)] // ctx1_gen4_tep8_batch8
    [InlineData("b300_sxm", "deepseek-ai/DeepSeek-R1", "fp4", 1024, 5, 5, 4, "False", 4)] // ctx1_gen5_tep4_batch4, of 5 to 25 in flight
    [InlineData("b300_sxm", "deepseek-ai/DeepSeek-R1", "fp8", 1024, 12, 8, 8, "False", 64)] // ctx1_gen8_tp8_batch64, of 12 to 384
    public void DisaggregatedFlags_OfADecodeServer_HaveTheRecipesBatch(string system, string model, string precision, int isl, int concurrency, int workers, int gpus, string dp, int batch)
    {
        var row = Row($"a,{system},trtllm,{model},{precision},{isl},1024,0.8,{concurrency},1,4,True,{workers},{gpus},{dp},100,5");
        Assert.Equal(batch, SiliconAssumptions.DisaggregatedFlags(row, prefill: false).MaxRequests);
    }

    [Fact]
    public void Predict_MoreInFlightThanPlaces_WaitsForThem()
    {
        // Four requests, three servers of one place each: every one waits for a third of an answer.
        var row = Row("a,b300_sxm,trtllm,deepseek-ai/DeepSeek-R1,fp4,8192,1024,0.8,4,1,2,True,3,8,False,2000,6");
        var prediction = DisaggregatedRun.Predict(row);
        var answer = prediction.TpotMs * 922;
        Assert.InRange(prediction.TtftMs, answer * 0.25, answer * 0.5);
    }

    [Fact]
    public void OverAllPrompts_Rounds_CountAsTheClientSendsThem() =>
        Assert.Equal((10 + 20 + (7 * 30) + 40) / 10.0, SiliconAssumptions.OverAllPrompts(10, 20, 30, 40));

    [Fact]
    public void Read_BadCells_TellsEachWithItsLine()
    {
        var e = Assert.Throws<InputException>(() => Row("a,b200_sxm,mlx,m,fp4,0,128,0.8,8,0,2,maybe,1,4,False,100,5"));
        Assert.Equal(4, e.Problems.Count);
        Assert.All(e.Problems, p => Assert.Contains("m.csv:2", p.Place, StringComparison.Ordinal));
    }

    private static DisaggregatedRow Row(string line) => Assert.Single(SiliconFile.Read("m.csv", new StringReader(Header + line + "\n")).Disaggregated);
}
