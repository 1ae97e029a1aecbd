using System.Globalization;
using Foretoken.Hardware.Models;

namespace Foretoken.Reports.Hardware;

/// <summary>Layers that are built alike.</summary>
/// <param name="Attention">Their mixer.</param>
/// <param name="Ffn">Their feed-forward network.</param>
/// <param name="Layers">Their positions, ascending.</param>
internal sealed record LayerGroup(AttentionShape Attention, FfnShape Ffn, IReadOnlyList<int> Layers)
{
    public static IReadOnlyList<LayerGroup> Of(IEnumerable<ModelLayer> layers) =>
        [.. layers.GroupBy(l => (l.Attention, l.Ffn)).Select(g => new LayerGroup(g.Key.Attention, g.Key.Ffn, [.. g.Select(l => l.Index)]))];

    /// <summary>The positions as short as they can be said: runs, a stride, or the first few.</summary>
    public string Where
    {
        get
        {
            var stride = Layers.Count > 2 ? Layers[1] - Layers[0] : 1;
            if (stride > 1 && Enumerable.Range(1, Layers.Count - 1).All(i => Layers[i] - Layers[i - 1] == stride))
            {
                return $"{Layers[0]}, {Layers[1]} .. {Layers[^1]}";
            }

            var runs = new List<string>();
            for (var i = 0; i < Layers.Count; i++)
            {
                var first = i;
                while (i + 1 < Layers.Count && Layers[i + 1] == Layers[i] + 1)
                {
                    i++;
                }

                runs.Add(first == i ? Text(Layers[i]) : $"{Text(Layers[first])}-{Text(Layers[i])}");
            }

            return runs.Count <= 3 ? string.Join(", ", runs) : $"{runs[0]}, {runs[1]} .. {runs[^1]}";
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
