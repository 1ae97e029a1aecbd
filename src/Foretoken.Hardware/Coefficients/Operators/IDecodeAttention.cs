namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Attention of decoding requests over what is cached, heads of one rank.</summary>
internal interface IDecodeAttention
{
    /// <summary>Microseconds for requests that see <paramref name="context"/> cached entries together and compute <paramref name="queries"/> tokens each.</summary>
    double Us(double requests, double context, double queries);

    /// <summary>What no kernel can beat, us.</summary>
    double BoundUs(double requests, double context, double queries);
}
