using Foretoken.Quantities;

namespace Foretoken.Tuning.Search;

/// <summary>Points that spread evenly along every single knob: each knob's range is cut into as many parts as there are points, and each part is used once.</summary>
internal static class LatinHypercube
{
    public static List<int[]> Points(SearchSpace space, int count, ref RandomStream random)
    {
        var points = new List<int[]>(count);
        for (var i = 0; i < count; i++)
        {
            points.Add(new int[space.Dimensions.Count]);
        }

        var parts = new int[count];
        for (var d = 0; d < space.Dimensions.Count; d++)
        {
            for (var i = 0; i < count; i++)
            {
                var other = random.NextInt(i + 1);
                parts[i] = parts[other];
                parts[other] = i;
            }

            var size = space.Dimensions[d].Size;
            for (var i = 0; i < count; i++)
            {
                points[i][d] = Math.Min(size - 1, (int)((parts[i] + random.NextDouble()) / count * size));
            }
        }

        return points;
    }
}
