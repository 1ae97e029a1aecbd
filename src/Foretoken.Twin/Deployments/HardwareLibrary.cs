using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.Prices;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Deployments;

/// <summary>Where scenarios look models and GPUs up: the catalogues, and whoever can read a model's config from a file.</summary>
/// <param name="Models">Models by name.</param>
/// <param name="Gpus">Accelerators by name.</param>
/// <param name="ReadModel">
/// Reads the config.json that a scenario names (as written, and where: a path in a file is relative to that file); null when
/// there is no such file. Fails with <see cref="InputException"/> when it cannot be used. Null where no files are read.
/// </param>
public sealed record HardwareLibrary(ModelCatalogue Models, GpuCatalogue Gpus, Func<string, Origin, ModelEntry?>? ReadModel = null)
{
    /// <summary>Prices of GPU hours.</summary>
    public PriceList Prices { get; init; } = PriceList.BuiltIn;

    /// <summary>The built-in catalogues, no files.</summary>
    public static HardwareLibrary BuiltIn { get; } = new(ModelCatalogue.BuiltIn, GpuCatalogue.BuiltIn);

    /// <summary>A model by name or by the path of its config; null when there is none, with what is wrong noted at the place.</summary>
    internal ModelEntry? Find(string written, Origin place, string path, BindContext context)
    {
        if (Models.Find(written) is { } known)
        {
            return known;
        }

        try
        {
            if (ReadModel?.Invoke(written, place) is { } read)
            {
                return read;
            }
        }
        catch (InputException e)
        {
            foreach (var problem in e.Problems)
            {
                context.Add(place, path, $"{problem.Place}: {problem.Message}", problem.Fix);
            }

            return null;
        }

        var near = NearestName.Find(written, Models.Names.Concat(Models.Names.Select(n => n[(n.LastIndexOf('/') + 1)..])));
        context.Add(place, path, $"no model is called '{written}', and there is no such file", near is null ? "'foretoken models' lists those that are known; or give the path of a config.json" : $"did you mean {near}? 'foretoken models' lists all; or give the path of a config.json");
        return null;
    }
}
