using System.Globalization;
using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime.Records;

/// <summary>
/// Step times of a real engine. The coefficients give the shape, the records what they are off by: how much longer the
/// recorded steps took, interpolated over batch and mean context where a step only decodes, over new prompt tokens and batch
/// where it computes prompts. A kind of step that was never recorded has the coefficients' time. No step is faster than
/// physics allows. Not for several threads at once.
/// </summary>
public sealed class MeasuredStepTime : IStepTimeSource
{
    private readonly CoefficientsStepTime _shape;
    private readonly CoefficientsStepTime _bound;
    private readonly RatioLattice _decode;
    private readonly RatioLattice _prompt;
    private readonly List<string> _notes = [];

    private MeasuredStepTime(Deployment deployment, StepRecordFile file)
    {
        _shape = CoefficientsStepTime.Create(deployment, "");
        _bound = CoefficientsStepTime.CreateBound(deployment);
        _decode = new RatioLattice(file.Records.Where(r => r.Prefills.Count == 0).Select(r => ((double)r.Decode, (double)r.Context / r.Decode, Ratio(r))));
        _prompt = new RatioLattice(file.Records.Where(r => r.Prefills.Count > 0).Select(r => ((double)r.NewTokens, 1.0 + r.Decode, Ratio(r))));
        Note(_decode.IsEmpty, "no step that only decodes was recorded: coefficients");
        Note(_prompt.IsEmpty, "no step that computes prompts was recorded: coefficients");
        Note(
            file.Header.EngineVersion != deployment.EngineVersion && file.Header.EngineVersion.Length > 0 && deployment.EngineVersion.Length > 0,
            $"the steps were recorded with {file.Header.Engine} {file.Header.EngineVersion}, the scenario has {deployment.EngineVersion}");
        var fast = file.Records.Count(r => r.Milliseconds < _bound.Milliseconds(Batch(r)));
        Note(fast > 0, string.Create(CultureInfo.InvariantCulture, $"{fast} of {file.Records.Count} recorded steps are faster than the GPU's datasheet allows; no step here is"));
    }

    /// <inheritdoc />
    public string Name => "measured";

    /// <inheritdoc />
    public bool NeedsContextLengths => false;

    /// <summary>What the records do not cover, in sentences.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>A source for a deployment from steps that were recorded on it.</summary>
    /// <param name="deployment">Model, GPU, engine and layout.</param>
    /// <param name="file">The records.</param>
    /// <param name="place">The file, for messages.</param>
    /// <exception cref="InputException">They were recorded on something else.</exception>
    public static MeasuredStepTime Create(Deployment deployment, StepRecordFile file, string place)
    {
        var problems = file.Header.Mismatches(deployment, place).ToList();
        return problems.Count == 0 ? new MeasuredStepTime(deployment, file) : throw new InputException(problems);
    }

    /// <inheritdoc />
    public double Milliseconds(in StepBatch batch)
    {
        var time = _shape.Milliseconds(batch);
        long fresh = 0;
        foreach (var chunk in batch.Prefills)
        {
            fresh += chunk.NewTokens;
        }

        if (fresh > 0)
        {
            time *= _prompt.At(fresh, 1.0 + batch.DecodeRequests);
        }
        else if (batch.DecodeRequests > 0)
        {
            time *= _decode.At(batch.DecodeRequests, Math.Max(1, (double)batch.DecodeContextTokens / batch.DecodeRequests));
        }

        return Math.Max(time, _bound.Milliseconds(batch));
    }

    /// <summary>Where the time of a step goes: the coefficients' operators, and what recorded steps took longer or shorter.</summary>
    public IReadOnlyList<StepTimeLine> Explain(in StepBatch batch) =>
        [.. _shape.Explain(batch), new("recorded steps against coefficients", 1, (Milliseconds(batch) - _shape.Milliseconds(batch)) * 1000)];

    /// <inheritdoc />
    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds)
    {
        for (var i = 0; i < nanoseconds.Length; i++)
        {
            nanoseconds[i] = NanosecondRounding.Round(Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = contextTokens + ((long)i * requests) }));
        }
    }

    private static StepBatch Batch(StepRecord record) => new()
    {
        Prefills = record.Prefills.ToArray(),
        DecodeRequests = record.Decode,
        DecodeContextTokens = record.Context,
        DraftTokens = record.Drafts,
    };

    private double Ratio(StepRecord record) => record.Milliseconds / _shape.Milliseconds(Batch(record));

    private void Note(bool holds, string text)
    {
        if (holds)
        {
            _notes.Add(text);
        }
    }
}
