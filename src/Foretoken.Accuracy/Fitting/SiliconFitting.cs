using Foretoken.Accuracy.Silicon;
using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Fitting;

/// <summary>Fits a calibration to measured servers by simulating every one of them again and again.</summary>
public sealed class SiliconFitting
{
    private readonly IReadOnlyList<(SiliconRow Row, SiliconDeployment Server)> _rows;
    private readonly ulong _seed;
    private readonly int _threads;
    private readonly CancellationToken _stop;

    /// <summary>Builds the rows' servers; rows that cannot be built are left out.</summary>
    /// <param name="rows">The measurements.</param>
    /// <param name="seed">Seed of the clients.</param>
    /// <param name="threads">Runs at a time.</param>
    /// <param name="stop">Stops the fit.</param>
    public SiliconFitting(IEnumerable<SiliconRow> rows, ulong seed, int threads, CancellationToken stop)
    {
        (_seed, _threads, _stop) = (seed, threads, stop);
        _rows = [.. rows.Select(r => (Row: r, Server: Build(r))).Where(r => r.Server is not null).Select(r => (r.Row, r.Server!))];
    }

    /// <summary>Rows that take part.</summary>
    public IReadOnlyList<SiliconRow> Rows => [.. _rows.Select(r => r.Row)];

    /// <summary>Fits.</summary>
    /// <param name="start">Where to start, and what overheads are pulled to.</param>
    /// <param name="rounds">Gauss-Newton steps at most.</param>
    /// <param name="folds">Parts of the cross-validation; below 2 for none.</param>
    /// <param name="say">Hears how it goes.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public FitOutcome Run(Calibration start, int rounds, int folds, Action<string> say) =>
        new SiliconFit(start, [.. _rows.Select(r => Row(r.Row, r.Server))], Predict, say).Run(rounds, folds);

    private static FitRow Row(SiliconRow row, SiliconDeployment server) => new(
        Calibration.Name(server.Target.Engine), server.Target.EngineVersion, server.Target.Gpu.Name, Calibration.Family(server.Target.Model), Calibration.Format(server.Target.Model), row.TtftMs, row.TpotMs);

    private static SiliconDeployment? Build(SiliconRow row)
    {
        try
        {
            return SiliconDeployment.Of(row);
        }
        catch (InputException)
        {
            return null;
        }
    }

    private IReadOnlyList<FitPrediction> Predict(IReadOnlyList<Calibration> calibrations) => ParallelRuns.Each(
        [.. _rows.Select((r, i) => (r.Row, r.Server, Calibration: calibrations[i]))],
        r => (double)r.Row.NumPrompts * r.Row.Osl,
        (r, control) =>
        {
            var prediction = SiliconRun.Predict(r.Row, r.Server, r.Calibration, _seed, control);
            return new FitPrediction(prediction.TtftMs, prediction.TpotMs);
        },
        _threads,
        null,
        _stop);
}
