using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Silicon;

/// <summary>
/// A set of measured rows, their servers built once, that can be predicted again and again under other calibrations: what
/// <c>validate silicon</c> does once and a fit many times.
/// </summary>
public sealed class SiliconSuite
{
    private readonly IReadOnlyList<(SiliconRow Row, SiliconDeployment? Server, IReadOnlyList<Problem> Problems)> _rows;

    /// <summary>Builds the rows' servers.</summary>
    public SiliconSuite(IEnumerable<SiliconRow> rows) => _rows =
    [
        .. rows.Select(row => Try(() => SiliconDeployment.Of(row)) is var (server, problems) ? (row, server, problems) : default),
    ];

    /// <summary>Predicts every row, in the rows' order.</summary>
    /// <param name="calibration">Corrections to step times; null for the built-in ones.</param>
    /// <param name="threads">Threads; the results do not depend on it.</param>
    /// <param name="seed">Seed of the clients.</param>
    /// <param name="done">Told after every row how many are done.</param>
    /// <param name="stop">Stops everything.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyList<SiliconOutcome> Run(Calibration? calibration = null, int threads = 1, ulong seed = 1, Action<int>? done = null, CancellationToken stop = default) =>
        ParallelRuns.Each(
            _rows,
            r => (double)r.Row.NumPrompts * r.Row.Osl,
            (r, control) =>
            {
                if (r.Server is null)
                {
                    return new SiliconOutcome(r.Row, null, r.Problems);
                }

                var (prediction, problems) = Try(() => SiliconRun.Predict(r.Row, r.Server, calibration, seed, control));
                return new SiliconOutcome(r.Row, prediction, problems);
            },
            threads,
            done,
            stop);

    /// <summary>Predicts rows of prefill and decode workers, in the rows' order.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="calibration">Corrections to step times; null for the built-in ones.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="seed">Seed of the clients.</param>
    /// <param name="done">Told after every row how many are done.</param>
    /// <param name="stop">Stops everything.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<SiliconOutcome> RunDisaggregated(
        IReadOnlyList<DisaggregatedRow> rows, Calibration? calibration = null, int threads = 1, ulong seed = 1, Action<int>? done = null, CancellationToken stop = default) =>
        ParallelRuns.Each(
            rows,
            r => (double)SiliconAssumptions.DisaggregatedPrompts(r.Concurrency) * r.Osl,
            (row, control) =>
            {
                var (prediction, problems) = Try(() => DisaggregatedRun.Predict(row, calibration, seed, control));
                return new SiliconOutcome(row.Server(row.Decode), prediction, problems);
            },
            threads,
            done,
            stop);

    /// <summary>Predicts every stage of load-stage rows, in the rows' order; the stages of one variant are one run.</summary>
    /// <param name="rows">The stages.</param>
    /// <param name="calibration">Corrections to step times; null for the built-in ones.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="seed">Seed of the arrivals.</param>
    /// <param name="done">Told after every variant how many are done.</param>
    /// <param name="stop">Stops everything.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<LoadStageOutcome> RunStages(
        IReadOnlyList<LoadStageRow> rows, Calibration? calibration = null, int threads = 1, ulong seed = 1, Action<int>? done = null, CancellationToken stop = default)
    {
        var variants = rows.GroupBy(r => r.Variant).Select(g => (IReadOnlyList<LoadStageRow>)[.. g.OrderBy(r => r.Stage)]).ToList();
        var outcomes = ParallelRuns.Each(
            variants,
            v => v.Sum(s => s.RequestedRps * s.StageSeconds),
            (stages, control) =>
            {
                var (predictions, problems) = Try(() => SiliconRun.Predict(stages, calibration, seed, control));
                return stages.Select((stage, i) => new LoadStageOutcome(stage, predictions?[i], problems)).ToList();
            },
            threads,
            done,
            stop);
        var byRow = outcomes.SelectMany(o => o).ToDictionary(o => o.Row);
        return [.. rows.Select(r => byRow[r])];
    }

    private static (T? Result, IReadOnlyList<Problem> Problems) Try<T>(Func<T> work)
        where T : class
    {
        try
        {
            return (work(), []);
        }
        catch (InputException e)
        {
            return (null, e.Problems);
        }
    }
}
