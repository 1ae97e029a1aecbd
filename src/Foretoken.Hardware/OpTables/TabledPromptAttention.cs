using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.OpTables;

/// <summary>
/// Attention of prompts from a measured grid over batch and length. The chunks of a step count as equal ones that have the
/// same new tokens, the same pairs of tokens and the same tokens to read in all. Tables have no cached tokens; what part of
/// a whole prompt's time its last tokens take is the fitted formula's ratio.
/// </summary>
internal sealed class TabledPromptAttention(IPromptAttention fit, MeasuredSurface low, MeasuredSurface high, double blend) : IPromptAttention
{
    // Shapes come from whole work; the fit's own window is applied to them here.
    public double Window => 0;

    public double Us(in ContextWork work)
    {
        if (work.Tokens <= 0)
        {
            return 0;
        }

        var (batch, fresh, cached) = Equal(work);
        var whole = fresh + cached;
        var time = low.Us(batch, whole);
        time = blend == 0 ? time : time + ((high.Us(batch, whole) - time) * blend);
        var asked = Times(batch, ContextWork.Of(fresh, cached, fit.Window));
        if (cached > 0)
        {
            time *= fit.Us(asked) / fit.Us(Times(batch, ContextWork.Of(whole, 0, fit.Window)));
        }

        return Math.Max(time, fit.BoundUs(asked));
    }

    public double BoundUs(in ContextWork work)
    {
        var (batch, fresh, cached) = Equal(work);
        return fit.BoundUs(Times(batch, ContextWork.Of(fresh, cached, fit.Window)));
    }

    /// <summary>Equal chunks with the same sums. A micro-batch of less than one chunk is one shorter chunk.</summary>
    internal static (double Batch, double Fresh, double Cached) Equal(in ContextWork work)
    {
        var seen = work.Area / work.Tokens; // cached + (fresh + 1) / 2
        var read = work.Read / work.Tokens; // 1 + cached / fresh
        var fresh = Math.Max(1, (seen - 0.5) / (read - 0.5));
        var batch = work.Tokens / fresh;
        if (batch < 1)
        {
            (batch, fresh) = (1, work.Tokens);
        }

        // Rounding must not make cached tokens of none.
        var cached = seen - ((fresh + 1) / 2);
        return (batch, fresh, cached > 1e-6 * fresh ? cached : 0);
    }

    private static ContextWork Times(double batch, in ContextWork one) => new(one.Tokens * batch, one.Area * batch, one.Read * batch);
}
