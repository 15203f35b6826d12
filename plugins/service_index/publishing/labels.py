"""What codes are called where a person reads them, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    vi: str
    en: str

    @property
    def both(self) -> str:
        """For a place that cannot switch: `Tạm tính (provisional)`."""
        return f"{self.vi} ({self.en})"


STATUSES = {
    "provisional": Label("Tạm tính", "provisional"),
    "final": Label("Chính thức", "final"),
    "revised": Label("Đã điều chỉnh", "revised"),
    "suspended": Label("Tạm ngừng công bố", "suspended"),
}

REASONS = {
    "late_data": Label("dữ liệu đến muộn", "late data"),
    "source_correction": Label("nguồn dữ liệu đính chính", "correction at the source"),
    "method": Label("thay đổi cách tính", "changed method"),
    "our_error": Label("sai sót của đơn vị công bố", "our error"),
}

GROUPS = {
    "transparency": Label("Công khai, minh bạch", "transparency"),
    "timeliness": Label("Tiến độ giải quyết", "timeliness"),
    "online_service": Label("Dịch vụ công trực tuyến", "online service"),
    "online_payment": Label("Thanh toán trực tuyến", "online payment"),
    "digitisation": Label("Số hóa hồ sơ", "digitisation"),
    "satisfaction": Label("Mức độ hài lòng", "satisfaction"),
}

UNIT_TYPES = {
    "province": Label("Tỉnh, thành phố", "province"),
    "department": Label("Sở, ban, ngành", "department"),
    "district": Label("Huyện, thị xã, thành phố", "district"),
    "commune": Label("Xã, phường", "commune"),
    "vertical_agency": Label("Cơ quan ngành dọc", "vertical agency"),
}

METRICS = {
    "end_to_end_online": Label("Hồ sơ xử lý trực tuyến toàn trình", "dossiers end-to-end online"),
    "result_in_vault": Label(
        "Kết quả điện tử lưu vào Kho dữ liệu", "electronic results kept in the holder's vault"
    ),
}

BASES = {
    "month": Label("Trong tháng", "month"),
    "year_to_date": Label("Từ đầu năm", "year to date"),
}

CRITERION_BASES = {
    "M": Label("trong tháng", "within the month"),
    "YTD": Label("từ đầu năm đến hết tháng", "from 1 January to the end of the month"),
    "EOM": Label("tại ngày cuối tháng", "on the last day of the month"),
}

CAUSES = {
    "not_submitted_online": Label("Không nộp trực tuyến", "not submitted online"),
    "not_paid_online": Label("Chưa thanh toán trực tuyến", "fee not paid online"),
    "no_electronic_result": Label("Không có kết quả điện tử", "no electronic result"),
    "not_returned_online": Label(
        "Không trả kết quả trực tuyến hoặc qua bưu chính", "not returned online or by post"
    ),
    "in_person_step": Label("Có bước phải thực hiện trực tiếp", "an in-person step"),
}

# Why a unit has no rank, by `ranking_status`.
NOT_RANKED = {
    "unit_type_not_ranked": Label(
        "Loại cơ quan được chấm điểm, không xếp hạng",
        "a kind of unit that is scored and not ranked",
    ),
    "no_ranking_criterion": Label(
        "Trong tháng không có hồ sơ để chấm các tiêu chí xếp hạng",
        "no dossiers in the month for the criteria that rank",
    ),
    "below_minimum_volume": Label(
        "Số hồ sơ trong tháng chưa đủ mức tối thiểu để xếp hạng",
        "too few dossiers in the month to be ranked",
    ),
}

BANDS_UNCONFIRMED = Label(
    "Xếp loại theo ngưỡng chưa được xác nhận", "bands by unconfirmed thresholds"
)

SMALL_CELL = Label(
    "n<5: dưới 5 trường hợp, hoặc chênh lệch dưới 5 so với bản công bố trước, không công bố",
    "n<5: fewer than 5 cases, or fewer than 5 by difference from an earlier revision, withheld",
)

# Fields without a target of their own.
RATE_ALONE = Label(
    "Lĩnh vực không có chỉ tiêu riêng chỉ công bố tỷ lệ, làm tròn đến phần trăm",
    "fields without a target of their own are given as a rate in whole percent, without counts",
)
