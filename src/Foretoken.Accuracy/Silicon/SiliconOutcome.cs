using Foretoken.Accuracy.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Silicon;

/// <summary>A row and what the twin said about it, or why it could not be run.</summary>
/// <param name="Row">The row.</param>
/// <param name="Prediction">The prediction; null when the row could not be run.</param>
/// <param name="Problems">Why not; empty otherwise.</param>
public sealed record SiliconOutcome(SiliconRow Row, SiliconPrediction? Prediction, IReadOnlyList<Problem> Problems)
{
    /// <summary>Signed error of the time per output token, percent. Only with a prediction.</summary>
    public double TpotError => ErrorStatistics.Error(Prediction!.TpotMs, Row.TpotMs);

    /// <summary>Signed error of the time to first token, percent. Only with a prediction.</summary>
    public double TtftError => ErrorStatistics.Error(Prediction!.TtftMs, Row.TtftMs);
}

/// <summary>A stage and what the twin said about it, or why its run could not be played.</summary>
/// <param name="Row">The stage.</param>
/// <param name="Prediction">The prediction; null when the variant could not be run.</param>
/// <param name="Problems">Why not; empty otherwise.</param>
public sealed record LoadStageOutcome(LoadStageRow Row, SiliconPrediction? Prediction, IReadOnlyList<Problem> Problems)
{
    /// <summary>Signed error of the time per output token, percent. Only with a prediction.</summary>
    public double TpotError => ErrorStatistics.Error(Prediction!.TpotMs, Row.TpotMs);

    /// <summary>Signed error of the time to first token, percent. Only with a prediction.</summary>
    public double TtftError => ErrorStatistics.Error(Prediction!.TtftMs, Row.TtftMs);
}
