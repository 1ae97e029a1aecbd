using Foretoken.Hardware.StepTime;

namespace Foretoken.Hardware.Coefficients;

/// <summary>A part of a step's time.</summary>
/// <param name="Name">Operator or overhead.</param>
/// <param name="Count">How often it runs in the step.</param>
/// <param name="Us">Microseconds of all of them.</param>
public sealed record StepTimeLine(string Name, int Count, double Us);

/// <summary>Cuts a step's time into its operators.</summary>
internal static class StepExplanation
{
    public static IReadOnlyList<StepTimeLine> Of(StepCost cost, in StepBatch batch, double total, int ranks)
    {
        var lines = new List<StepTimeLine>();
        var fresh = 0;
        var sampled = batch.DecodeRequests + batch.DraftTokens;
        foreach (var chunk in batch.Prefills)
        {
            fresh += chunk.NewTokens;
            sampled += chunk.Completes ? 1 : 0;
        }

        var decoding = batch.DecodeRequests + batch.DraftTokens;
        var tokens = fresh + decoding;
        var graph = fresh == 0 && cost.Graphs.Covers(tokens);
        var computed = fresh == 0 ? cost.Graphs.Padded(tokens) : tokens;
        var group = batch.GroupTokens > 0 ? batch.GroupTokens : computed * ranks;
        foreach (var layer in cost.Layers)
        {
            foreach (var (name, product) in layer.Products)
            {
                lines.Add(new($"{name} {product.N:0} x {product.K:0}", layer.Count, layer.Count * product.Us(computed)));
            }

            var attention = layer.Mixer.Decode(batch.DecodeRequests, batch.DecodeContextTokens, batch.DecodeRequests == 0 ? 1 : (double)decoding / batch.DecodeRequests);
            Add("attention, decode", attention, layer.Count);
            Add("attention, prompt", layer.Mixer.Context(batch.Prefills, 1) * cost.PromptAttentionScale, layer.Count);
            Add("routed experts", layer.ExpertsUs(group), layer.Count);
            Add("all-reduce", layer.ReduceUs(computed, graph), layer.Count);
            Add("norms and other small kernels", layer.SmallUs(computed), layer.Count);
        }

        Add("head and logits", cost.HeadUs(sampled), 1);
        Add("drafting", cost.Draft?.Us(batch.DecodeRequests, batch.DecodeContextTokens, ranks) ?? 0, 1);
        var sum = lines.Sum(l => l.Us);
        Add("host, launches, pipeline, calibration", total - sum, 1);
        return lines;

        void Add(string name, double us, int count)
        {
            if (Math.Abs(us) > 1e-9)
            {
                lines.Add(new(name, count, us * count));
            }
        }
    }
}
