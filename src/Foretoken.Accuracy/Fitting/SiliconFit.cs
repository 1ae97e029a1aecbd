using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Fitting;

/// <summary>What a calibration makes of a row: time to first token and per output token, ms.</summary>
public readonly record struct FitPrediction(double TtftMs, double TpotMs);

/// <summary>
/// Fits a calibration to measured rows: Gauss-Newton on logarithmic errors with slopes by finite differences of whole
/// simulations, least absolute deviations with priors in each step. Repeatable: no randomness, no clock.
/// </summary>
public sealed class SiliconFit
{
    private const double Nudge = 0.05;

    // TPOT is what step times are about; TTFT depends on much that no row tells.
    private const double TtftWeight = 0.4;
    private readonly IReadOnlyList<FitRow> _rows;
    private readonly Func<IReadOnlyList<Calibration>, IReadOnlyList<FitPrediction>> _predict;
    private readonly Action<string> _say;
    private readonly ParameterSpace _space;

    /// <summary>A fit to rows.</summary>
    /// <param name="start">Where to start, and what overheads are pulled to.</param>
    /// <param name="rows">The measured points.</param>
    /// <param name="predict">Simulates every row with a calibration of its own.</param>
    /// <param name="say">Hears how it goes.</param>
    public SiliconFit(Calibration start, IReadOnlyList<FitRow> rows, Func<IReadOnlyList<Calibration>, IReadOnlyList<FitPrediction>> predict, Action<string> say)
    {
        _rows = rows;
        _predict = predict;
        _say = say;
        _space = new ParameterSpace(start, rows);
    }

    /// <summary>Sum over the rows of |ln(predicted / measured)| of TPOT plus the weighted one of TTFT, per row.</summary>
    public double Loss(IReadOnlyList<FitPrediction> predictions) =>
        predictions.Select((p, i) => Math.Abs(TpotResidual(p, i)) + (TtftWeight * Math.Min(1, Math.Abs(TtftResidual(p, i))))).Average();

    /// <summary>Fits all rows, then each fold's rows by the others.</summary>
    /// <param name="rounds">Steps at most. Slopes are taken anew only where a step along the old ones does not help.</param>
    /// <param name="folds">Parts of the cross-validation; below 2 for none.</param>
    public FitOutcome Run(int rounds, int folds)
    {
        var numbers = (double[])_space.Start.Clone();
        var predictions = Simulate(numbers);
        var loss = Loss(predictions);
        _say(FormattableString.Invariant($"start: loss {loss:F4} over {_rows.Count} rows"));
        var slopes = rounds > 0 || folds > 1 ? Slopes(numbers, predictions) : default;
        var fresh = true;
        for (var round = 1; round <= rounds; round++)
        {
            var change = System(predictions, slopes, _ => true).Solve(numbers, _space.Prior, _space.Spread);
            var before = loss;
            for (var step = 1.0; step > 0.2 && loss >= before; step /= 2)
            {
                var tried = numbers.Select((n, i) => n + (step * change[i])).ToArray();
                var outcome = Simulate(tried);
                if (Loss(outcome) is var now && now < loss)
                {
                    (numbers, predictions, loss) = (tried, outcome, now);
                }
            }

            _say(FormattableString.Invariant($"round {round}: loss {loss:F4}"));
            if (loss >= before)
            {
                if (fresh)
                {
                    break;
                }

                slopes = Slopes(numbers, predictions);
            }

            fresh = loss >= before;
        }

        return new FitOutcome(_space.At(numbers), predictions, CrossValidate(numbers, predictions, slopes, folds));
    }

    // Each fold's rows are predicted with numbers that were fitted without any row of their groups.
    private IReadOnlyList<FitPrediction> CrossValidate(double[] numbers, IReadOnlyList<FitPrediction> predictions, ((int, double)[][] Tpot, (int, double)[][] Ttft) slopes, int folds)
    {
        if (folds < 2)
        {
            return [];
        }

        var groups = _rows.Select(r => r.Group).Distinct().Order(StringComparer.Ordinal).ToList();
        var foldOf = groups.Select((g, i) => (g, i % folds)).ToDictionary(p => p.g, p => p.Item2);
        var calibrations = new Calibration[folds];
        for (var fold = 0; fold < folds; fold++)
        {
            var left = fold;
            var change = System(predictions, slopes, i => foldOf[_rows[i].Group] != left).Solve(numbers, _space.Prior, _space.Spread);
            calibrations[fold] = _space.At(numbers.Select((n, i) => n + change[i]).ToArray());
        }

        _say($"cross-validation over {groups.Count} groups of model and GPU in {folds} folds");
        return _predict([.. _rows.Select(r => calibrations[foldOf[r.Group]])]);
    }

    private RidgeSystem System(IReadOnlyList<FitPrediction> predictions, ((int, double)[][] Tpot, (int, double)[][] Ttft) slopes, Func<int, bool> take)
    {
        var system = new RidgeSystem(_space.Count);
        for (var i = 0; i < _rows.Count; i++)
        {
            if (take(i))
            {
                system.Add(TpotResidual(predictions[i], i), 1, slopes.Tpot[i]);
                var late = TtftResidual(predictions[i], i);
                system.Add(late, Math.Abs(late) > 1 ? 0.2 * TtftWeight : TtftWeight, slopes.Ttft[i]);
            }
        }

        return system;
    }

    private ((int, double)[][] Tpot, (int, double)[][] Ttft) Slopes(double[] numbers, IReadOnlyList<FitPrediction> at)
    {
        var tpot = _rows.Select(_ => new List<(int, double)>()).ToArray();
        var ttft = _rows.Select(_ => new List<(int, double)>()).ToArray();
        for (var kind = 0; kind < _space.Overheads; kind++)
        {
            var moved = (double[])numbers.Clone();
            for (var i = 0; i < _rows.Count; i++)
            {
                var n = _space.OverheadOf(i, kind);
                moved[n] = numbers[n] + Nudge;
            }

            var outcome = Simulate(moved);
            for (var i = 0; i < _rows.Count; i++)
            {
                Note(i, _space.OverheadOf(i, kind), outcome[i]);
            }
        }

        // All factors of a row multiply: one slope per part serves all of them.
        for (var part = 0; part < ParameterSpace.Parts; part++)
        {
            var moved = (double[])numbers.Clone();
            foreach (var n in Enumerable.Range(0, _rows.Count).Select(i => _space.FactorsOf(i).First() + part).Distinct())
            {
                moved[n] += Nudge;
            }

            var outcome = Simulate(moved);
            for (var i = 0; i < _rows.Count; i++)
            {
                foreach (var n in _space.FactorsOf(i))
                {
                    Note(i, n + part, outcome[i]);
                }
            }
        }

        return ([.. tpot.Select(t => t.ToArray())], [.. ttft.Select(t => t.ToArray())]);

        void Note(int row, int number, FitPrediction moved)
        {
            tpot[row].Add((number, Slope(moved.TpotMs, at[row].TpotMs)));
            ttft[row].Add((number, Slope(moved.TtftMs, at[row].TtftMs)));
        }
    }

    // A simulation that tips into or out of queueing has no slope worth following.
    private static double Slope(double moved, double at) => Math.Clamp(DeterministicMath.Log(moved / at) / Nudge, -3, 3);

    private double TpotResidual(FitPrediction p, int row) => DeterministicMath.Log(p.TpotMs / _rows[row].TpotMs);

    private double TtftResidual(FitPrediction p, int row) => DeterministicMath.Log(p.TtftMs / _rows[row].TtftMs);

    private IReadOnlyList<FitPrediction> Simulate(double[] numbers)
    {
        var calibration = _space.At(numbers);
        return _predict([.. Enumerable.Repeat(calibration, _rows.Count)]);
    }
}

/// <summary>What a fit found.</summary>
/// <param name="Calibration">The best calibration for all rows.</param>
/// <param name="Fitted">Every row with it.</param>
/// <param name="CrossValidated">Every row with one that was fitted without its group; empty without folds.</param>
public sealed record FitOutcome(Calibration Calibration, IReadOnlyList<FitPrediction> Fitted, IReadOnlyList<FitPrediction> CrossValidated);
