using Foretoken.Accuracy.Fitting;
using Foretoken.Hardware.Coefficients;
using Xunit;

namespace Foretoken.Tests.Accuracy.Fitting;

/// <summary>The fit on a made-up world whose truth is known.</summary>
public sealed class SiliconFitTests
{
    [Fact]
    public void Run_OnRowsWithAKnownFactor_FindsItAndLeavesTheOthers()
    {
        var rows = World(slow: 1.25);
        var outcome = Fit(rows, rounds: 3, folds: 0);
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.InRange(outcome.Fitted[i].TpotMs / rows[i].TpotMs, 0.95, 1.05);
        }

        Assert.Empty(outcome.CrossValidated);
    }

    [Fact]
    public void Run_WithFolds_DoesNotKnowAGroupThatWasLeftOut()
    {
        var rows = World(slow: 1.25);
        var outcome = Fit(rows, rounds: 3, folds: 4);
        var slow = Enumerable.Range(0, rows.Count).Where(i => rows[i].Model == "slow/1x1").ToList();
        Assert.All(slow, i => Assert.True(outcome.CrossValidated[i].TpotMs < 0.9 * rows[i].TpotMs, "the factor of a group cannot be known without its rows"));
        Assert.All(Enumerable.Range(0, rows.Count).Except(slow), i => Assert.InRange(outcome.CrossValidated[i].TpotMs / rows[i].TpotMs, 0.93, 1.07));
    }

    [Fact]
    public void Run_Twice_WritesTheSameCalibration()
    {
        string Once()
        {
            var text = new StringWriter();
            CalibrationJson.Write(Fit(World(1.2), 2, 2).Calibration, text);
            return text.ToString();
        }

        Assert.Equal(Once(), Once());
    }

    [Fact]
    public void Write_OfTheBuiltInCalibration_IsReadBackAsItself()
    {
        var text = new StringWriter();
        CalibrationJson.Write(Calibration.BuiltIn, text);
        var back = CalibrationJson.Read(text.ToString(), "x");
        Assert.Equal(Calibration.BuiltIn.Overheads, back.Overheads);
        Assert.Equal(Calibration.BuiltIn.Factors, back.Factors);
        Assert.Throws<Foretoken.Quantities.InputException>(() => CalibrationJson.Read("{\"overheads\": 3}", "x"));
    }

    // Ten rows of each of four models; one of them decodes slower than the operators say.
    private static List<FitRow> World(double slow) =>
    [
        .. new[] { "a/1x1", "b/1x1", "c/1x1", "slow/1x1" }.SelectMany(model => Enumerable.Range(1, 10).Select(n =>
            new FitRow("vllm", "", "h100-sxm", model, "bf16", 100, Decode(n) * (model == "slow/1x1" ? slow : 1)))),
    ];

    private static double Decode(int n) => 10 + n;

    private static FitOutcome Fit(List<FitRow> rows, int rounds, int folds) => new SiliconFit(
        Calibration.BuiltIn,
        rows,
        calibrations => [.. rows.Select((r, i) =>
        {
            var (decode, _, _) = calibrations[i].Scale(r.Engine, r.Gpu, r.Model, r.Experts);
            return new FitPrediction(100, Decode((i % 10) + 1) * decode);
        })],
        _ => { }).Run(rounds, folds);
}
