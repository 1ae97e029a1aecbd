using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.OpTables;

/// <summary>
/// Attention of decoding requests from a measured grid over batch and context, or from two, whose numbers of heads lie around
/// the one asked for. Tables have one query per request; what several take longer is the fitted formula's ratio.
/// </summary>
internal sealed class TabledDecodeAttention(IDecodeAttention fit, MeasuredSurface low, MeasuredSurface high, double blend) : IDecodeAttention
{
    public double Us(double requests, double context, double queries)
    {
        var each = context / requests;
        var time = low.Us(requests, each);
        time = blend == 0 ? time : time + ((high.Us(requests, each) - time) * blend);
        if (queries != 1)
        {
            time *= fit.Us(requests, context, queries) / fit.Us(requests, context, 1);
        }

        return Math.Max(time, fit.BoundUs(requests, context, queries));
    }

    public double BoundUs(double requests, double context, double queries) => fit.BoundUs(requests, context, queries);
}
