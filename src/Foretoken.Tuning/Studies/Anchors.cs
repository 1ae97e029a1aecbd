using System.Globalization;
using Foretoken.Tuning.Space;

namespace Foretoken.Tuning.Studies;

/// <summary>
/// Where a search of the default space begins: what somebody would try first. Every engine, GPU type and shape of the fleet, with all
/// of the budget and with half of it, in pools of equal size, at every width of tensor parallelism; the middle of every
/// range, nothing turned on that is off by default.
/// </summary>
internal static class Anchors
{
    private const string Topology = "topology";

    /// <summary>The points, at most so many; some of them cannot exist.</summary>
    /// <param name="space">The space.</param>
    /// <param name="gpus">Most GPUs.</param>
    /// <param name="most">Most points.</param>
    public static IReadOnlyList<int[]> Of(ParameterSpace space, int gpus, int most)
    {
        var points = new List<int[]>();
        foreach (var budget in new[] { gpus, gpus / 2 }.Where(b => b > 0))
        {
            foreach (var topology in Texts(space, Topology))
            {
                foreach (var chosen in from engine in Texts(space, "engine.kind") from gpu in topology == "mixed" ? [null] : Texts(space, "gpu") select (engine, gpu))
                {
                    for (var width = 1; width <= 8; width *= 2)
                    {
                        if (Point(space, topology, chosen.engine, chosen.gpu, width, budget) is { } point)
                        {
                            points.Add(point);
                        }
                    }
                }
            }
        }

        // Too many are thinned out evenly.
        return points.Count <= most ? points : [.. Enumerable.Range(0, most).Select(i => points[(int)((long)i * points.Count / most)])];
    }

    private static int[]? Point(ParameterSpace space, string? topology, string? engine, string? gpu, int width, int budget)
    {
        int[] point = [.. space.Dimensions.Select(d => d.IsOrdered ? d.Choices.Count / 2 : 0)];
        Set(Topology, topology);
        Set("engine.kind", engine);
        Set("gpu", gpu);

        // Whatever pools there are then have the numbers of replicas that count.
        point = space.Canonical(point);
        var pools = Enumerable.Range(0, point.Length).Where(d => space.IsActive(point, d) && space.Dimensions[d].Name.EndsWith("replicas", StringComparison.Ordinal) && !space.Dimensions[d].Name.Contains("min_", StringComparison.Ordinal)).ToList();
        if (pools.Count == 0 || budget / pools.Count < width)
        {
            return null;
        }

        foreach (var pool in pools)
        {
            var name = space.Dimensions[pool].Name;
            var prefix = name.StartsWith("fleet.", StringComparison.Ordinal) ? "" : name[..(name.LastIndexOf('.') + 1)];
            var isWide = Set(prefix + "tensor_parallel", width.ToString(CultureInfo.InvariantCulture));
            if (!isWide && width > 1)
            {
                return null;
            }

            Set(prefix + "pipeline_parallel", "1");
            Set(prefix + "data_parallel", "1");
            Set(prefix + "expert_parallel", "1");
            var wanted = budget / pools.Count / width;
            point[pool] = Math.Max(0, space.Dimensions[pool].Choices.Select((c, i) => (c.Text, Place: i)).LastOrDefault(c => int.TryParse(c.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= wanted).Place);
        }

        return space.Canonical(point);

        bool Set(string name, string? text)
        {
            for (var d = 0; d < point.Length; d++)
            {
                if (space.Dimensions[d].Name == name)
                {
                    var place = space.Dimensions[d].Choices.ToList().FindIndex(c => c.Text == text);
                    point[d] = Math.Max(0, place);
                    return place >= 0;
                }
            }

            return false;
        }
    }

    // The choices of a dimension; null alone where there is none.
    private static IReadOnlyList<string?> Texts(ParameterSpace space, string name) =>
        space.Dimensions.FirstOrDefault(d => d.Name == name) is { } dimension ? [.. dimension.Choices.Select(c => c.Text)] : [null];
}
