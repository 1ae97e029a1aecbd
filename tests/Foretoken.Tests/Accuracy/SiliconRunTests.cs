using Foretoken.Accuracy.Silicon;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.Coefficients;
using Foretoken.Reports.Silicon;
using Xunit;

namespace Foretoken.Tests.Accuracy;

public sealed class SiliconRunTests
{
    private static readonly IReadOnlyList<SiliconRow> Rows = Measurements.Read(Measurements.Points).Rows;

    [Fact]
    public void Run_TinyFile_PredictsWhatCanBeRunAndNamesTheRest()
    {
        var outcomes = new SiliconSuite(Rows).Run(threads: 2, stop: TestContext.Current.CancellationToken);
        Assert.Equal(Rows, outcomes.Select(o => o.Row));
        Assert.Equal(["a", "b", "c", "d"], outcomes.Where(o => o.Prediction is not null).Select(o => o.Row.Id));

        // A 405B model in bf16 fits on no GPU; of the last row two things are unknown, and both are told.
        Assert.Contains("does not fit", Assert.Single(outcomes[4].Problems).Message, StringComparison.Ordinal);
        Assert.Equal(["model", "system"], outcomes[5].Problems.Select(p => p.Place));
        Assert.All(outcomes.Take(4), o =>
        {
            Assert.InRange(o.Prediction!.TpotMs, 1, 100);
            Assert.True(o.Prediction.TtftMs > o.Prediction.DecodeStepMs / 2);
            Assert.True(o.Prediction.TpotMs >= 0.9 * o.Prediction.DecodeStepMs);
        });
        Assert.True(outcomes[1].Prediction!.TpotMs > outcomes[0].Prediction!.TpotMs, "more requests in flight make steps longer");
        Assert.True(outcomes[1].Prediction!.RequestsPerSecond > outcomes[0].Prediction!.RequestsPerSecond);
    }

    [Fact]
    public void Run_OtherThreads_GivesTheSameBits()
    {
        var suite = new SiliconSuite(Rows);
        var one = suite.Run(threads: 1, stop: TestContext.Current.CancellationToken).Select(o => o.Prediction);
        Assert.Equal(one, suite.Run(threads: 4, stop: TestContext.Current.CancellationToken).Select(o => o.Prediction));
        Assert.Equal(one.First(), SiliconRun.Predict(Rows[0]));
        Assert.NotEqual(one.First(), SiliconRun.Predict(Rows[0], seed: 2));
    }

    [Fact]
    public void Predict_CalibrationThatDoublesDecoding_AboutDoublesTheTimePerToken()
    {
        var plain = SiliconRun.Predict(Rows[0]);
        var doubled = SiliconRun.Predict(Rows[0], Calibration.BuiltIn with { Factors = [.. Calibration.BuiltIn.Factors, new ScaleFactor("", "", "", "", 2, 1)] });
        Assert.InRange(doubled.TpotMs / plain.TpotMs, 1.8, 2.05);
    }

    [Fact]
    public void Deployment_EachEngine_CarriesTheFlagsOfItsLaunchScript()
    {
        var vllm = Assert.IsType<VllmSettings>(SiliconDeployment.Of(Rows[0]).Engine);
        Assert.Equal((4, 8192, false), (vllm.MaxNumSeqs, vllm.MaxNumBatchedTokens, vllm.EnablePrefixCaching));
        var sglang = Assert.IsType<SgLangSettings>(SiliconDeployment.Of(Rows[2]).Engine);
        Assert.Equal((128, 32768, 32768, true), (sglang.MaxRunningRequests, sglang.ChunkedPrefillSize, sglang.MaxPrefillTokens, sglang.DisableRadixCache));
        var trtllm = Assert.IsType<TrtLlmSettings>(SiliconDeployment.Of(Rows[3]).Engine);
        Assert.Equal((8192, false, 0), (trtllm.MaxNumTokens, trtllm.EnableBlockReuse, trtllm.BatchWaitTimeoutIters));
    }

    [Fact]
    public void Predict_OverloadedStages_WaitAsLongAsTheClientsCapSays()
    {
        // Beyond the knee 440 requests are in flight and 128 run, so that each waits for (440 - 128) answers.
        var stages = Measurements.Read($"{Measurements.StageHeader}\n{Measurements.Stage(0, 20, 20)}\n{Measurements.Stage(1, 300, 100)}\n").Stages;
        var predicted = SiliconRun.Predict(stages);
        Assert.InRange(predicted[0].RequestsPerSecond, 19, 21);
        Assert.Equal(Cause.Queueing, predicted[1].TtftCause);
        Assert.Equal(128, predicted[1].RunningPeak);
        Assert.InRange(predicted[1].TtftMs * 1e-3, 0.85 * (440 - 128) / predicted[1].RequestsPerSecond, 1.1 * (440 - 128) / predicted[1].RequestsPerSecond);
        Assert.True(stages[0].KeepsUp && !stages[1].KeepsUp);
    }

    [Fact]
    public void Write_TinyFile_EndsInTheLineForTools()
    {
        var text = new StringWriter { NewLine = "\n" };
        SiliconReport.Write(new SiliconSuite(Rows).Run(stop: TestContext.Current.CancellationToken), text, 120);
        var lines = text.ToString().TrimEnd('\n').Split('\n');
        Assert.Matches(@"^rows 4 \| tpot median \d+\.\d% mean \d+\.\d% p90 \d+\.\d% bias -?\d+\.\d% \| ttft median \d+\.\d% mean \d+\.\d% p90 \d+\.\d% bias -?\d+\.\d%$", lines[^1]);
        Assert.Contains(lines, l => l.StartsWith("Not simulated", StringComparison.Ordinal) && l.Contains("2 rows", StringComparison.Ordinal));
    }
}
