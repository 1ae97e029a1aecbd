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

    [Fact]
    public void Read_BadCells_TellsEachWithItsLine()
    {
        var e = Assert.Throws<InputException>(() => Row("a,b200_sxm,mlx,m,fp4,0,128,0.8,8,0,2,maybe,1,4,False,100,5"));
        Assert.Equal(4, e.Problems.Count);
        Assert.All(e.Problems, p => Assert.Contains("m.csv:2", p.Place, StringComparison.Ordinal));
    }

    private static DisaggregatedRow Row(string line) => Assert.Single(SiliconFile.Read("m.csv", new StringReader(Header + line + "\n")).Disaggregated);
}
